"""A library that has one of each, as an installer leaves it."""

from __future__ import annotations

FILES = {
    "__init__.py": '''
"""One of each."""
from __future__ import annotations
import datetime, os, sys, json, functools, enum, logging, typing
from collections import OrderedDict
from json import dumps
from os import system
from . import sub
from .sub import Base, late
from .dump import dump

__all__ = ["dumps", "Alias", "lazy_function", "other"]
constant = 3
LEVELS = {"a": [1, (2.5, None)], "b": {True: b"x"}}
HANDLERS = {"a": dumps}
CLASSES = (int, Base)
FOREIGN_CLASSES = (OrderedDict,)
again = constant
log = logging.getLogger("x")
Alias = typing.Union[int, str]
T = typing.TypeVar("T")
Unlisted = typing.Union[int, str]
instance = sub.Base()
method = instance.pull
partial_own = functools.partial(late, 1)
partial_other = functools.partial(dumps, 1)
table = sub.Table_()
def top(a, b=1, *args, c, d="x" * 200, **kwargs):
    """First line.

    More."""
def _private(): pass
async def later(x: int) -> str: pass
async def many():
    yield 1
def some():
    yield 1
@functools.singledispatch
def dispatched(value, more=1):
    "Any."
@dispatched.register(int)
def _(value: int, more: str = "") -> str: pass
@functools.lru_cache()
def cached(x): pass
class Raises:
    def __getattr__(self, name): raise RuntimeError(name)
class Answer:
    def __bool__(self): raise TypeError("neither")
class Column:
    def __getattr__(self, name): return Answer()
    def __call__(self, name, *more): "One column."
column = Column()
class Anything:
    __class__ = property(lambda self: 1 / 0)
proxy = Anything()
odd = Raises()
class Table(Base, dict):
    """Holds."""
    limit = 7
    color = sub.Color.RED
    dumps = staticmethod(dumps)
    system = system
    Foreign = OrderedDict
    bound = functools.partialmethod(Base.pull, 1)
    class Inner:
        def deep(self): pass
    def __init__(self, rows, *, width: int = 3): pass
    def show(self): pass
    @classmethod
    def read(cls, path: str) -> Table: pass
    @staticmethod
    def zero(): pass
    def _hidden(self): pass
    @property
    def size(self) -> int:
        "How many."
        return 1
    @functools.cached_property
    def costly(self) -> float: return 1.5
    def get(self, key): "Ours."
    async def wait(self): pass
Table.Inner.outer = Table
class Method:
    @functools.singledispatchmethod
    def kind(self, value): "Any."
    @kind.register(str)
    def _(self, value: str) -> int: pass
class Stamp(datetime.datetime): pass
class Slots:
    __slots__ = ("left",)
class Accessor:
    def __init__(self, kind): self.kind = kind
    def __get__(self, instance, owner=None):
        return self.kind if instance is None else self.kind(instance)
class Words:
    def __init__(self, table): self.table = table
    def upper(self): return "UP"
Table.words = Accessor(Words)
class WhenAsked:
    """A method that is there for some objects only."""
    def __init__(self, function): self.function = function
    def __get__(self, instance, owner=None):
        return self.function if instance is None else functools.partial(self.function, instance)
class Estimator:
    @WhenAsked
    def predict(self, x): "Says."
    fitted = property(lambda self: 1)
    def inherit(self): "From above."
class Better(Estimator):
    def inherit(self): pass
class Broken(Exception): pass
class BadRepr:
    def __repr__(self): raise ValueError
def strange(value=BadRepr(), *, text="\\udc80"):
    pass
strange.__doc__ = "\\udc80 summary"
class Meta(type):
    @property
    def broken(cls): raise RuntimeError("only on instances")
    def __dir__(cls): return ["broken", "fine"]
    def __call__(cls, *args, **kwargs): return super().__call__(*args, **kwargs)
class Made(metaclass=Meta):
    def __init__(self, size): pass
    def fine(self): pass
class BadDir(type):
    def __dir__(cls): raise RuntimeError
class Closed(metaclass=BadDir):
    def in_spite_of_dir(self): pass
class NoDoc:
    @property
    def __doc__(self): raise RuntimeError
    def __call__(self): pass
undocumented = NoDoc()
Large = type("Large", (), {f"m{number}": (lambda self: 1) for number in range(10_000)})
def old():
    """Does.

    .. deprecated:: 1.2
        Use :func:`top`.
    """
def older(): "Does."
older.__deprecated__ = "Use top."
def not_old():
    """Does.

    Parameters
    ----------
    x
        .. deprecated:: 1.0
    """
def __getattr__(name):
    if name == "lazy_function":
        return late
    raise AttributeError(name)
''',
    "sub.py": """
import enum
import rt_cat
class Base:
    def pull(self, rope): "Pulls."
class Color(enum.Enum):
    RED = 1
    GREEN = 2
    def paint(self): pass
class Table_: pass
def late(): pass
""",
    "dump.py": "def dump(): pass\ndef hidden_by_a_function(): pass\n",
    "deep/__init__.py": "from . import other_name\n",
    "deep/more.py": "def f(x, /): pass\n",
    "deep/other_name.py": "from .. import deep as around\ndef g(): pass\n",
    "plain/inside.py": "def without_init(): pass\n",
    "broken.py": "raise RuntimeError('not on this machine')\n",
    "needs.py": "import rt_not_there\n",
    "exits.py": "raise SystemExit(1)\n",
    "prints.py": "import sys, warnings, threading\nprint('noise')\nwarnings.warn('noise')\n"
    "threading.Thread(target=threading.Event().wait, daemon=False).start() if sys.argv == [''] else None\n"
    "def quiet(): pass\n",
    "_private.py": "raise AssertionError('private modules are not entered')\n",
    "tests/__init__.py": "raise AssertionError('nor are tests')\n",
    "test_own.py": "raise AssertionError('nor are tests')\n",
    "conftest.py": "raise AssertionError('nor are tests')\n",
}


def install(top, package="rt_cat", distribution="rt-cat", files=FILES):
    """Writes `files` into the directory `top`, with the metadata of a distribution."""
    written = []
    for name, text in files.items():
        path = top / package / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        written.append(f"{package}/{name}")
    (top / f"{distribution.replace('-', '_')}_extra.py").write_text("def extra(): pass\n")
    written.append(f"{distribution.replace('-', '_')}_extra.py")
    info = top / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in [*written, f"{info.name}/METADATA"]))
