"""Python values to MessagePack: limits, and what happens to what cannot be sent."""

from __future__ import annotations

from typing import Any

from ..wire.messages import MAX_PAYLOAD
from ..wire.packing import ExtType, Packer, packb
from . import codes, registry
from .awaitables import Awaited, is_awaited
from .core import DEEPEST, Core
from .errors import ConversionError, RefLimit, Trouble, Unsendable
from .owners import Owners
from .protocols import Functions, Lane, Pack, Refs, Strategies
from .replacing import Instead, replaced
from .scan import EASY, LARGE, TOO_LARGE, fits
from .words import lines, place_among, why_part, why_whole

_KEEP_BUFFER = 1 << 20
"""A packer never shrinks its buffer; one that has packed more than this many bytes is given up."""
_MOST_TYPES = 1000
"""Types whose packers are remembered: some libraries make types as they go."""
_WORTH_KEEPING = 1 << 9
_KEPT = 1 << 24
"""Bytes of a packed tuple, record and the like that is kept in case the value has it again, from and to. What
refers to itself often so costs one look for each time; larger parts cannot come often."""


class Encoder(Core):
    def __init__(
        self,
        refs: Refs,
        strategies: Strategies | None = None,
        lane: Lane | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(refs, strategies, lane, functions)
        self.warnings: list[str] = []
        """What the callers of `encode` should know of what was sent. Whoever takes them clears the list."""
        self.awaited = False
        """Whether a value that is to be awaited raises `Awaited` instead of staying here."""
        self._large = LARGE if lane is not None else MAX_PAYLOAD
        self._packers: dict[type, Pack] = {}
        self._pack = self._new_packer().pack
        self._spare: list[Any] = []
        self._asked = False
        """Whether the packer has asked for anything since the last value was done."""
        self._total = 0
        """Bytes of extensions in the payload or extension that is being packed."""
        self._repeated = 0
        """Bytes of large parts that the value has had before."""
        self._nestings = 0
        self._owners = Owners()
        self._packed: dict[int, tuple[Any, int, Any]] = {}
        """By `id`: a part of the value, its size, and, where it may come again, what it was packed as."""
        self._undo: list[tuple[Any, Any]] = []
        self._pending: list[tuple[Any, str]] = []

    def encode(self, value: Any) -> bytes:
        """MessagePack of `value`. What cannot be sent is kept and goes as a ref: the part, or, where its
        surroundings cannot be packed around it (cycles, too deep, too large), the whole; `warnings` says why.

        Raises `RefLimit`, and what `refs.put` raises; `Awaited` where that is looked for.
        """
        try:
            if type(value) in EASY and EASY[type(value)](value) < 0 and not fits(value, self._large):
                packed = self._carefully(value, self._pack)
            else:
                packed = self._pack(value)
        except UnicodeEncodeError:
            return self._again(value)
        except Exception as error:  # noqa: BLE001 - also RuntimeError: a thread of the library's changed a dict meanwhile
            return self._instead(value, error)
        except Awaited as found:
            self._back()
            if found.value is value:
                raise
            return self._with_awaitables(value)
        return self._done(value, packed) if self._asked or len(packed) > _KEEP_BUFFER else packed

    def _with_awaitables(self, value: Any) -> bytes:
        """As `encode`; those inside of the value stay here."""
        self.awaited = False
        try:
            return self.encode(value)
        finally:
            self.awaited = True

    def encode_ref(self, value: Any) -> bytes:
        """A ref to `value`, whatever it is. Raises `RefLimit`."""
        packed: bytes = packb(self.ref(value))
        self._undo.clear()
        return packed

    def nested(self, value: Any) -> bytes:
        """MessagePack of a value inside an extension."""
        depth, total = self._depth, self._total
        if depth == DEEPEST:
            raise Unsendable(f"extension types are nested more than {DEEPEST} deep")
        packer = self._spare.pop() if self._spare else self._new_packer()
        self._depth, self._total = depth + 1, 0
        self._nestings += 1
        try:
            packed: bytes
            try:
                if type(value) in EASY and EASY[type(value)](value) < 0 and not fits(value, self._large):
                    packed = self._carefully(value, packer.pack)
                else:
                    packed = packer.pack(value)
            except UnicodeEncodeError:
                packed = self._carefully(value, packer.pack)
        finally:
            self._depth, self._total = depth, total
        if len(packed) <= _KEEP_BUFFER:
            self._spare.append(packer)
        return packed

    def ref(self, value: Any) -> Any:
        """Keeps `value`; the extension that is sent in its place."""
        number, name = self._refs.put(value)
        self._undo.append((self._refs, number))
        return ExtType(codes.REF, packb([number, name]))

    def attempt(self, pack: Pack, value: Any) -> Any:
        """What `pack` makes of `value`. Raises what `pack` raises, and `ConversionError` when a part of it would be
        a ref; then nothing of the attempt is left."""
        undo, told = len(self._undo), len(self._pending)
        try:
            found = pack(self, value)
            if any(holder is self._refs for holder, _ in self._undo[undo:]):
                raise ConversionError("a part of it cannot be sent")
        except BaseException:
            self._undo_to(undo)
            del self._pending[told:]
            raise
        return found

    def raw(self, code: int, head: bytes, view: Any) -> Any:
        """The extension `code` of a head and a buffer's bytes (code 0: the bytes), by the second lane where
        that takes them. `view` is C-contiguous, and stays as it is until the payload is sent."""
        size = view.nbytes if type(view) is memoryview else len(view)
        lane = self._lane
        if lane is not None and size >= self._large:
            mark = lane.mark()
            index = lane.put(view)
            if index is not None:
                self._undo.append((lane, mark))
                self._owners.add(view, size)
                self.aside += size
                return ExtType(codes.LANE, packb([index, size, code]) + head)
        if code == codes.BYTES:
            return view if type(view) is bytes else bytes(view)
        return ExtType(code, b"".join((head, view)))

    def warn(self, value: Any, text: str) -> None:
        """Tells the caller something about `value`, a part of what is being sent."""
        self._asked = True
        self._pending.append((value, text))

    def _carefully(self, value: Any, pack: Any) -> bytes:
        return pack(replaced(value, self._other))  # type: ignore[no-any-return]

    def _other(self, part: Any) -> Any:
        """What goes in the place of a text or buffer; `part` itself where the packer may have it."""
        packer = self._packers.get(type(part)) or self._packer(type(part))
        return packer(self, part)

    def _again(self, value: Any) -> bytes:
        """A text has lone surrogates. Found out like this because no other text is to pay for it."""
        self._back()
        awaited, self.awaited = self.awaited, False
        try:
            return self._done(value, self._carefully(value, self._pack))
        except Exception as error:  # noqa: BLE001 - as in encode
            return self._instead(value, error)
        finally:
            self.awaited = awaited

    def _instead(self, value: Any, error: Exception) -> bytes:
        self._back()
        if isinstance(error, RefLimit):
            raise error
        if isinstance(error, Trouble):
            place_among(error, value)
            raise error
        self.warnings.append(why_whole(value, error))
        return self.encode_ref(value)

    def _done(self, value: Any, packed: bytes) -> bytes:
        self._asked = False
        self._total = self._repeated = 0
        self._packed.clear()
        self._owners.clear()
        if len(packed) > MAX_PAYLOAD:
            return self._instead(value, Unsendable(TOO_LARGE))
        self._undo.clear()
        if self._pending:
            self.warnings += lines(value, self._pending)
            self._pending = []
        if len(packed) > _KEEP_BUFFER:
            self._pack = self._new_packer().pack
        return packed

    def _back(self) -> None:
        self._undo_to(0)
        self._asked = False
        self._total = self._repeated = 0
        self._packed.clear()
        self._owners.clear()
        self._pending = []
        self._pack = self._new_packer().pack

    def _undo_to(self, count: int) -> None:
        while len(self._undo) > count:
            holder, mark = self._undo.pop()
            holder.back(mark)

    def _new_packer(self) -> Any:
        return Packer(default=self._extension, strict_types=True)

    def _extension(self, value: Any) -> Any:
        kind = type(value)
        packer = self._packers.get(kind)
        if packer is None:
            if kind is Instead:
                return self._counted(value.ext)
            packer = self._packer(kind)
        known = self._packed.get(id(value)) if self._packed else None
        if known is not None:
            _, size, found = known
            if found is not None:
                return self._counted(found)
            self._repeated += size
            if self._repeated > MAX_PAYLOAD:
                raise Unsendable(TOO_LARGE)
        undo, nestings = len(self._undo), self._nestings
        try:
            found = packer(self, value)
        except (RefLimit, Unsendable, MemoryError, RecursionError):
            raise
        except Trouble as error:
            error.owners = (value, *error.owners)
            raise
        except Exception as error:  # noqa: BLE001 - a converter, or what the value's own methods raise
            self._undo_to(undo)
            self.warn(value, why_part(value, error))
            return self.ref(value)
        if type(found) is not ExtType:
            return found
        size = len(found.data)
        if size > _WORTH_KEEPING and self._nestings != nestings and len(self._undo) == undo:
            self._keep(value, size, found)
        return self._counted(found)

    def _keep(self, value: Any, size: int, found: Any = None) -> None:
        """Remembers that a value took so much. What is large is kept itself only when it comes again."""
        again = id(value) in self._packed
        self._packed[id(value)] = (value, size, found if again or size < _KEPT else None)

    def _counted(self, found: Any) -> Any:
        self._asked = True
        self._total += len(found.data)
        if self._total > MAX_PAYLOAD:
            raise Unsendable(TOO_LARGE)
        return found

    def _packer(self, kind: type) -> Pack:
        found = self._strategies.find(kind) if self._strategies is not None else None
        if found is None:
            found = registry.packer(kind) or (_waits if is_awaited(kind) else _stays)
        if len(self._packers) >= _MOST_TYPES:
            self._packers.clear()
        found = self._packers[kind] = self.sent.packing(kind, found)
        return found


def _stays(codec: Any, value: Any) -> Any:
    return codec.ref(value)


def _waits(codec: Any, value: Any) -> Any:
    if codec.awaited:
        raise Awaited(value)
    return codec.ref(value)
