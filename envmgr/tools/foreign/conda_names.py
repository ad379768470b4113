"""What conda's packages are called on PyPI: where the names differ, and which are no Python distributions.

A name that is in neither table is tried under the same name, and left when the index has none of it.
"""

from __future__ import annotations

import re

RENAMED = {
    "black-jupyter": "black",
    "cmake-python": "cmake",
    "dask-core": "dask",
    "docker-py": "docker",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "psycopg2": "psycopg2-binary",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pyqt": "pyqt5",
    "pytables": "tables",
    "python-annoy": "annoy",
    "python-blosc": "blosc",
    "python-fastjsonschema": "fastjsonschema",
    "python-graphviz": "graphviz",
    "python-kaleido": "kaleido",
    "python-lmdb": "lmdb",
    "python-xxhash": "xxhash",
    "python-zstd": "zstd",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
}
_NOT_PYTHON = re.compile(
    r"""
    .*-dev(?:el)? | .*_(?:linux|osx|win)-(?:64|32|arm64|aarch64|ppc64le) | _.* |
    lib(?!cst$|sass$|clang$|tmux$|rosa$|ris$).* | arrow-cpp | aws-.* | bash | binutils.* | blas |
    boost(?:-cpp)? | brotli-bin | bzip2 | c-ares | ca-certificates | cairo | clang(?:xx)?(?:[-_].*)? | cmake |
    cuda(?!-python$).* | cudatoolkit | cudnn | curl | dbus | double-conversion | doxygen | eigen | expat |
    ffmpeg | fish | font-.* | fontconfig | fonts-.* | freetype | gcc.* | gdal-bin | geos | gettext | gflags |
    gfortran.* | ghostscript | giflib | git | git-lfs | glib | glog | gmp | go | graph-tool | graphite2 |
    graphviz | grpc-cpp | gst-plugins-.* | gstreamer | gtk\d? | gxx.* | harfbuzz | hdf5 | icu | imagemagick |
    intel-openmp | jpeg | kernel-headers.* | krb5 | lcms2 | ld_impl.* | llvm-openmp | lz4-c | m2w64-.* |
    magma.* | make | mkl | mkl-service | mpc | mpfr | mpi | mpich | mysql | nccl | ncurses | netcdf4-c |
    ninja | nodejs | nomkl | nspr | nss | openblas | openh264 | openjdk | openjpeg | openmpi | openssl | orc |
    pandoc | pango | pcre\d? | perl.* | pixman | pkg-config | plotly-orca | poppler | postgresql | proj |
    python_abi | qt(?:-.*)? | qt6?-main | qtwebkit | r-.* | rdma-core | re2 | readline | redis.* | ruby |
    rust | snappy | sqlite | swig | sysroot.* | tbb | texlive.* | thrift-cpp | tk | tzdata | ucx | utf8proc |
    vs20\d\d.* | wget | x264 | x265 | xorg-.* | xz | yaml | zeromq | zlib | zsh | zstd
    """,
    re.VERBOSE,
)


def on_pypi(name: str) -> str | None:
    """The distribution's name; None when conda alone has it."""
    if name in RENAMED:
        return RENAMED[name]
    return None if _NOT_PYTHON.fullmatch(name) else name
