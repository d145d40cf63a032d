"""An address at which no Dask scheduler answers is refused in a sentence, whatever is wrong with it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from conftest import Lab

distributed = pytest.importorskip("distributed")


@pytest.fixture
def listener() -> Iterator[int]:
    """The port of a server that takes every call and says what no scheduler says: nothing, or the wrong thing."""
    calls: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            while True:  # ends: closing the server makes the next accept fail
                try:
                    calls.append(server.accept()[0])
                except OSError:
                    return
                if len(calls) % 2:
                    calls[-1].sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()
    for call in calls:
        call.close()


def test_what_is_no_scheduler_is_refused_and_no_client_is_left_behind(
    lab: Lab, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that cannot connect prints a traceback when it is gone, and waits for what never answers."""

    def none(*_: object, **__: object) -> None:
        raise AssertionError("a client was made")

    monkeypatch.setattr(distributed, "Client", none)
    monkeypatch.setattr("attnlab.harness.execution.dask.ANSWERS_IN", 0.5)
    here = f"127.0.0.1:{listener}"
    wrong = ["nonsense", "127.0.0.1", "http://127.0.0.1:80", "tcp://127.0.0.1:eight", "tcp://127.0.0.1:1"]
    for address in (*wrong, f"tcp://{here}", f"tcp://{here}", f"tls://{here}", "inproc://x", "'\"\"'"):
        answer = lab("experiment=noop", "exec=dask", f"exec.address={address}")
        assert answer.code == 2 and "Traceback" not in answer.err, (address, answer.err)
        assert "expected the address of a running Dask scheduler" in answer.err
        assert not lab.results.exists()
