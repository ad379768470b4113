"""Starts a worker from a runtime layer: `python -I worker.py`.

Copied to the layer's top. The package beside it is loaded by file, so that the layer never stands on
`sys.path` and the library's environment sees nothing of it but the name `envmgr_runtime`.
"""

import importlib.util
import os
import sys


def load(directory: str) -> None:
    spec = importlib.util.spec_from_file_location(
        "envmgr_runtime",
        os.path.join(directory, "__init__.py"),  # noqa: PTH118
        submodule_search_locations=[directory],
    )
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - a path to a .py file has both
    module = importlib.util.module_from_spec(spec)
    sys.modules["envmgr_runtime"] = module
    spec.loader.exec_module(module)


if __name__ in (
    "__main__",
    "__mp_main__",
):  # also in what `multiprocessing` spawns: it runs the main file anew
    load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "envmgr_runtime"))  # noqa: PTH100, PTH118, PTH120
if __name__ == "__main__":
    if sys.argv[1:2] == ["catalog"]:
        from envmgr_runtime.library.catalog import main
    elif sys.argv[1:2] == ["serializers"]:
        from envmgr_runtime.execution.trials import main
    elif sys.argv[1:2] == ["shell"]:
        from envmgr_runtime.worker.shell import main
    elif sys.argv[1:2] == ["zygote"]:
        from envmgr_runtime.worker.main import zygote as main
    else:
        from envmgr_runtime.worker.main import main
    arguments, sys.argv = sys.argv[1:], [""]
    main(arguments)
