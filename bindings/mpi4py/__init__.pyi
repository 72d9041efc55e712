from collections.abc import Iterable
from os import PathLike

from . import MPI as MPI

__version__: str
__all__: list[str]

class Rc:
    initialize: bool
    threads: bool
    thread_level: str
    finalize: bool | None
    fast_reduce: bool
    recv_mprobe: bool
    irecv_bufsz: int
    errors: str
    def __init__(self, **kwargs: bool | int | str | None) -> None: ...
    def __call__(self, **kwargs: bool | int | str | None) -> None: ...
    def __setattr__(self, name: str, value: bool | int | str | None) -> None: ...

rc: Rc

def get_include() -> str: ...
def get_config() -> dict[str, str]: ...
def profile(
    name: str,
    *,
    path: str | bytes | PathLike[str] | Iterable[str | bytes | PathLike[str]] | None = None,
) -> None: ...
