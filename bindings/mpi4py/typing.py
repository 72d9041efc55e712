"""Types of arguments, for annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Protocol, Sequence, Tuple, Union

if TYPE_CHECKING:
    from .MPI import BottomType, Datatype, InPlaceType

__all__ = [
    "SupportsBuffer",
    "SupportsDLPack",
    "SupportsCAI",
    "Buffer",
    "Bottom",
    "InPlace",
    "Aint",
    "Count",
    "Displ",
    "Offset",
    "TypeSpec",
    "BufSpec",
    "BufSpecB",
    "BufSpecV",
    "BufSpecW",
    "TargetSpec",
]


class SupportsBuffer(Protocol):
    """Memory by PEP 688."""

    def __buffer__(self, flags: int, /) -> memoryview: ...


class SupportsDLPack(Protocol):
    """Memory by DLPack."""

    def __dlpack__(self, /, *, stream: Any = None) -> Any: ...

    def __dlpack_device__(self) -> Tuple[int, int]: ...


class SupportsCAI(Protocol):
    """Memory by the CUDA Array Interface."""

    @property
    def __cuda_array_interface__(self) -> dict: ...


Buffer = Union[SupportsBuffer, SupportsDLPack, SupportsCAI]
Bottom = Union["BottomType", None]
InPlace = Union["InPlaceType", None]
Aint = int
Count = int
Displ = int
Offset = int
TypeSpec = Union["Datatype", str]
BufSpec = Union[
    Buffer,
    Tuple[Buffer, Count],
    Tuple[Buffer, TypeSpec],
    Tuple[Buffer, Count, TypeSpec],
    Tuple[Buffer, Tuple[Count, Displ], TypeSpec],
    Tuple[Buffer, Count, Displ, TypeSpec],
    Tuple[Bottom, Count, "Datatype"],
    List[Any],
]
BufSpecB = BufSpec
BufSpecV = Union[
    Buffer,
    Tuple[Buffer, Sequence[Count]],
    Tuple[Buffer, Tuple[Sequence[Count], Sequence[Displ]]],
    Tuple[Buffer, TypeSpec],
    Tuple[Buffer, Sequence[Count], TypeSpec],
    Tuple[Buffer, Tuple[Sequence[Count], Sequence[Displ]], TypeSpec],
    Tuple[Buffer, Sequence[Count], Sequence[Displ], TypeSpec],
    List[Any],
]
BufSpecW = Union[
    Tuple[Buffer, Sequence["Datatype"]],
    Tuple[Buffer, Tuple[Sequence[Count], Sequence[Displ]], Sequence["Datatype"]],
    Tuple[Buffer, Sequence[Count], Sequence[Displ], Sequence["Datatype"]],
    List[Any],
]
TargetSpec = Union[Displ, Tuple[()], Tuple[Displ], Tuple[Displ, Count], Tuple[Displ, Count, "Datatype"]]
