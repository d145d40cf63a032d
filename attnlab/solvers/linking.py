"""How compiled functions become one kernel: each is optimised once, by itself, and translated with the kernel.

numba links all that a function calls into its module, and then optimises and translates that module whole: each of
our functions for itself, though Python never calls it, and once more in each function above it. LLVM writes none
of them out in its callers, so it is work for nothing, a quarter of a first call. Here an inner function is linked
after what calls it was optimised, and has no machine code of its own. What numba brings itself (np.empty, max,
references) is linked before, as ever.

It rests on a documented place of numba's, the class of the pipeline, and on names of its libraries that are not
(NEEDED; the same from numba 0.61 to 0.68). A numba without them compiles as it would, which takes longer.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompilerBase

NEEDED = (
    "_optimize_final_module",
    "_finalize_final_module",
    "_get_module_for_linking",
    "enable_object_caching",
)
"""What is called or overridden below."""
_MARK = "inner: "
"""Begins the name of an inner function's library, which numba's cache keeps."""


class _Kernel(JITCodeLibrary):
    """The code of a function: what it calls of ours is linked in when it is optimised."""

    def __init__(self, codegen: Any, name: str) -> None:
        super().__init__(codegen, name)  # type: ignore[no-untyped-call]
        self.called: dict[Any, None] = {}

    def add_linking_library(self, library: Any) -> None:
        """Take note of an inner function's library; link any other."""
        if library.name.startswith(_MARK):
            self.called[library] = None
        else:
            super().add_linking_library(library)  # type: ignore[no-untyped-call]

    def _optimize_final_module(self) -> None:
        super()._optimize_final_module()  # type: ignore[no-untyped-call]
        for library in self.called:
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)


class _Inner(_Kernel):
    """That of a function which Python never calls: machine code of it is only in kernels."""

    def __init__(self, codegen: Any, name: str) -> None:
        super().__init__(codegen, _MARK + name)

    def _finalize_final_module(self) -> None:
        code = self._final_module
        self._final_module = code.clone()  # which numba translates: what stands beside the functions
        for function in self._final_module.functions:
            if not function.is_declaration:
                function.linkage = "available_externally"
        super()._finalize_final_module()  # type: ignore[no-untyped-call]
        self._final_module = code


class _KernelPipeline(Compiler):
    """numba's compiler, into such a library."""

    library = _Kernel

    def define_pipelines(self) -> Any:
        """Those of numba."""
        codegen, name = self.state.targetctx.codegen(), self.state.func_id.func_qualname
        self.state.library = self.library(codegen, name)
        self.state.library.enable_object_caching()
        return super().define_pipelines()  # type: ignore[no-untyped-call]


class _InnerPipeline(_KernelPipeline):
    library = _Inner


def pipelines(needed: tuple[str, ...] = NEEDED) -> tuple[type[CompilerBase], type[CompilerBase]]:
    """Those of a kernel and of an inner function; numba's own where its libraries lack a name that is needed."""
    if all(hasattr(JITCodeLibrary, name) for name in needed):
        return _KernelPipeline, _InnerPipeline
    return Compiler, Compiler


KERNEL, INNER = pipelines()
