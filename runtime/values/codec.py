"""Python values to MessagePack and back, by the table in `docs/types.md`.

Only exact types are sent as values: a subclass means something that its base does not. Converter modules know
the types (`registry` has them); limits, places and what stays are the two ways' own matter.
"""

from __future__ import annotations

from .decoding import Decoder
from .encoding import Encoder


class Codec(Encoder, Decoder):
    """Encoder and decoder of one worker (or of one client). Not safe to share between threads."""
