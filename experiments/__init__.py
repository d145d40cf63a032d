"""One file per question: its docstring asks it, `trial` measures it, `verdict` answers it."""
