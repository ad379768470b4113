"""The walk of real libraries: their public index is there, no door is, and every path resolves in a worker's process."""

import json
import subprocess
from pathlib import Path

import msgpack
import pytest
from projects import library, project

from envmgr.environments.layout import Layout
from envmgr.operations.syncing import sync

INSTALLED = {"numpy": "numpy", "pandas": "pandas", "requests": "requests"}
STANDARD = ("json", "math", "statistics")

INDEX = {
    "numpy": """
        array arange linspace mean concatenate einsum sin add abs absolute divmod matmul ndarray ndarray.sum
        ndarray.shape ndarray.T ndarray.flat ndarray.ctypes dtype dtype.itemsize dtype.names float64 int64 bool_ generic.item
        ufunc ufunc.reduce ufunc.nin pi e inf nan newaxis s_ index_exp c_ r_ mgrid ogrid little_endian True_ nditer
        linalg.norm linalg.LinAlgError fft.fft random.default_rng random.Generator.normal random.seed random.rand
        random.RandomState.beta ma.masked ma.array ma.MaskedArray.filled ma.nomask polynomial.Polynomial.fit
        polynomial.polynomial.polyval char.add rec.array lib.stride_tricks.as_strided lib.format.MAGIC_LEN
        testing.assert_allclose typing.ArrayLike typing.NDArray ctypeslib.as_array emath.sqrt exceptions.AxisError
        dtypes.Float64DType strings.upper vectorize memmap poly1d.roots datetime64 errstate printoptions save load
    """,
    "pandas": """
        DataFrame DataFrame.head Series.head DataFrame.shape DataFrame.index DataFrame.T DataFrame.from_dict DataFrame.plot
        DataFrame.plot.bar Series.str Series.str.upper Series.dt Series.dt.year Series.cat.categories Series.sparse.density
        DataFrame.iloc DataFrame.groupby Series.array Index Index.is_unique MultiIndex.from_tuples RangeIndex.start
        Timestamp Timestamp.now Timestamp.day Timestamp.quarter Timestamp.max Timedelta.total_seconds Period.freq
        Interval.left NaT NA Categorical.from_codes CategoricalDtype.categories read_csv read_pickle
        concat merge to_datetime date_range get_dummies options set_option IndexSlice offsets.BDay tseries.offsets.Day
        errors.ParserError errors.EmptyDataError api.types.is_list_like api.indexers.check_array_indexer testing.assert_frame_equal
        api.extensions.ExtensionArray.take api.typing.DataFrameGroupBy.agg io.json.build_table_schema plotting.scatter_matrix
        ExcelFile.sheet_names Grouper Flags.allows_duplicate_labels HDFStore.keys
    """,
    "requests": """
        get post request Session Session.get Session.close Request Request.prepare PreparedRequest
        Response Response.json Response.ok Response.text Response.iter_content codes
        exceptions.HTTPError HTTPError adapters.HTTPAdapter.send auth.HTTPBasicAuth cookies.RequestsCookieJar.set
        structures.CaseInsensitiveDict.copy utils.requote_uri status_codes.codes sessions.Session
    """,
    "json": "dumps dump loads load JSONEncoder JSONEncoder.default JSONDecoder JSONDecoder.decode JSONDecodeError detect_encoding",
    "math": "sqrt floor pi e tau inf nan gcd hypot isclose prod comb perm dist",
    "statistics": "mean median mode NormalDist NormalDist.cdf NormalDist.mean NormalDist.from_samples StatisticsError correlation",
}  # fmt: skip
"""Names of each library's own reference."""

SENTINELS = [
    "os",
    "os.system",
    "os.popen",
    "os.remove",
    "os.environ",
    "sys",
    "sys.exit",
    "sys.modules",
    "subprocess.run",
    "subprocess.Popen",
    "builtins.eval",
    "builtins.exec",
    "shutil.rmtree",
    "importlib.import_module",
    "pickle.loads",
    "socket.socket",
    "ctypes.CDLL",
    "warnings.warn",
    "threading.Thread",
    "core.os.system",
    "lib.os.system",
    "random.os",
    "testing.os",
    "testing.subprocess.run",
    "ctypeslib.os",
    "ctypeslib.ctypes.CDLL",
    "linalg.functools",
    "ma.core.builtins",
    "ma.core.warnings.warn",
    "f2py.os.system",
    "f2py.subprocess",
    "matlib.np.load",
    "np",
    "np.load",
    "core.frame.np",
    "core.frame.functools.partial",
    "core.frame.sys",
    "core.common.partial",
    "core.common.builtins",
    "io.common.os",
    "io.common.mmap.mmap",
    "io.common.tarfile.open",
    "io.common.codecs.open",
    "io.pickle.pickle.loads",
    "io.sql.warnings",
    "core.generic.pickle",
    "io.html.os",
    "compat.os",
    "compat.urlopen",
    "compat.json.loads",
    "compat.chardet",
    "compat.urllib3",
    "utils.os.system",
    "utils.zipfile.ZipFile",
    "utils.tempfile",
    "utils.proxy_bypass",
    "certs.where",
    "adapters.PoolManager",
    "adapters.socket",
    "sessions.os",
    "sessions.timedelta",
    "packages.urllib3",
    "urllib3.PoolManager",
    "ssl",
    "logging.getLogger",
    "models.urlparse",
    "cookies.cookielib",
    "auth.threading",
    "decoder.re.compile",
    "codecs.open",
    "tool.argparse",
    "tool.sys.exit",
    "Counter",
    "Fraction",
    "random.seed",
    "itemgetter",
    "groupby",
]
OWNED = {"numpy": {"random.seed"}, "requests": set(), "pandas": set()}
"""Of the sentinels, those that are the library's own under the same name."""

RESOLVE = """
import json, sys, importlib.util
def load(name, directory):
    spec = importlib.util.spec_from_file_location(name, directory + "/__init__.py", submodule_search_locations=[directory])
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
load("envmgr_runtime", {layer!r})
import warnings
warnings.simplefilter("ignore")
from envmgr_runtime.library.loading import Libraries
libraries = Libraries()
libraries.load({{"x": [{module!r}, ""]}})
bad = []
for path, kind in json.load(open({paths!r})):
    try:
        found = libraries.resolve("x." + path)
    except BaseException as error:
        bad.append([path, repr(error)])
    else:
        if kind not in ("constant", "module") and not callable(found):
            bad.append([path, "not callable"])
print(json.dumps(bad))
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """The command of a worker whose environment has the libraries."""
    root = tmp_path_factory.mktemp("walked")
    sync(project(root, *(library(name, environment="all") for name in INSTALLED)))
    return msgpack.unpackb(Layout(root).launch("all").read_bytes())["command"]


@pytest.mark.parametrize("name", [*INSTALLED, *STANDARD])
def test_completeness(worker, tmp_path, name):
    into = tmp_path / "raw"
    request = {"module": name, "distribution": INSTALLED.get(name), "version": "1", "into": str(into)}
    subprocess.run(
        [*worker, "catalog", json.dumps(request)], check=True, capture_output=True, cwd=tmp_path, timeout=300
    )
    raw = msgpack.unpackb(into.read_bytes())
    paths = {path: raw["objects"][number] for path, number in raw["paths"]}

    assert [path for path in INDEX[name].split() if path not in paths] == []
    reached = [door for door in SENTINELS if door in paths and door not in OWNED.get(name, ())]
    assert reached == []
    private = [path for path in paths if any(part.startswith("_") for part in path.split("."))]
    assert private == []
    tops = {entry["module"].split(".")[0] for entry in paths.values()}
    assert tops <= {name, f"_{name}", "datetime"}, (
        "fields of a date are the only thing that comes from elsewhere"
    )

    callables = [one for one in raw["objects"] if one["kind"] not in ("constant", "module", "property")]
    known = [one for one in callables if one["parameters"] is not None or one["overloads"]]
    assert len(known) / len(callables) > 0.9, "before stubs"
    resolvable(worker, tmp_path, name, paths)


def resolvable(worker, tmp_path, name, paths):
    listing = tmp_path / "paths.json"
    listing.write_text(json.dumps([[path, entry["kind"]] for path, entry in paths.items()]))
    layer = str(Path(worker[-1]).parent / "envmgr_runtime")
    code = RESOLVE.format(layer=layer, module=name, paths=str(listing))
    done = subprocess.run(
        [worker[0], "-I", "-B", "-c", code], check=True, capture_output=True, text=True, timeout=300
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
