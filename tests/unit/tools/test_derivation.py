from envmgr.tools.derivation import Dependency, Lack, parse, split

TREE = """\
term root==0a0.dev0
  root==0a0.dev0 depends on envmgr-library-1*
  term not envmgr-library-0==0
    envmgr-library-0==0 depends on requests[socks]==2.20
    term requests==2.20.0
      requests==2.20.0 depends on urllib3>=1.21.1, <1.25 | >1.25.1
      envmgr-library-1==0 depends on colorama{sys_platform == 'win32'}==0.4.4
      envmgr-library-1==0 depends on numpy>=2
      no versions of urllib3>=2.9, <3
      numpy==2.4.0 yanked (reason: Backward compatibility bug)
      tensorflow>=2.15.0rc0, <=2.15.1 no wheels with a matching Python version tag
      nosuch not found in the package registry
      numpy>=2.5.0rc1 depends on Python>=3.12
      no versions of Python>=3.12
"""
STDERR = (
    "Using CPython 3.12.1\nResolver derivation tree before reduction\nterm root==0a0.dev0\n  a==1 depends on b*\n"
    f"Resolver derivation tree after reduction\n{TREE}error: No solution found\n  cause: Because a depends on b.\n"
)


def test_the_facts_of_a_tree():
    found = parse(TREE + "  what no one has seen before\n\n")
    assert found.dependencies == (
        Dependency("root", "==0a0.dev0", "envmgr-library-1", "*"),
        Dependency("envmgr-library-0", "==0", "requests", "==2.20"),
        Dependency("requests", "==2.20.0", "urllib3", ">=1.21.1, <1.25 | >1.25.1"),
        Dependency("envmgr-library-1", "==0", "colorama", "==0.4.4"),
        Dependency("envmgr-library-1", "==0", "numpy", ">=2"),
        Dependency("numpy", ">=2.5.0rc1", "Python", ">=3.12"),
    )
    assert found.lacks[:5] == (
        Lack("urllib3", ">=2.9, <3", ""),
        Lack("numpy", "==2.4.0", "yanked (reason: Backward compatibility bug)"),
        Lack("tensorflow", ">=2.15.0rc0, <=2.15.1", "no wheels with a matching Python version tag"),
        Lack("nosuch", "*", "not found in the package registry"),
        Lack("Python", ">=3.12", ""),
    )


def test_a_fact_that_stands_twice_is_one():
    assert len(parse("  a==1 depends on b<2\n    a==1 depends on b<2\n").dependencies) == 1


def test_uvs_words_apart_from_its_trees():
    assert split(STDERR) == (
        "Using CPython 3.12.1\nerror: No solution found\n  cause: Because a depends on b.\n",
        TREE,
    )


def test_words_without_a_tree():
    assert split("error: disk\n") == ("error: disk\n", "")
    assert parse("") == parse("\n")
