defmodule Envmgr.Test.Project do
  # Projects on disk as the control plane leaves them, with the real runtime and modules of the standard library.
  @moduledoc false

  alias Envmgr.Values.Encoder

  @support __DIR__
  @repository Path.expand("../../..", __DIR__)
  @modules ~w(math time probe)
  # Those that a test names, by `library/2`.
  @others ~w(shared basket)

  @doc "The layer that all tests share, made once per run."
  def layer do
    :persistent_term.get(__MODULE__, nil) || :global.trans({__MODULE__, self()}, &made_once/0)
  end

  # Tests run side by side: the second one to come finds what the first has made.
  defp made_once do
    :persistent_term.get(__MODULE__, nil) ||
      tap(build_layer(), &:persistent_term.put(__MODULE__, &1))
  end

  @doc "An empty project directory that goes away with the test."
  def new(files \\ []) do
    path =
      Path.join(
        System.tmp_dir!(),
        "envmgr-test-#{System.unique_integer([:positive])}-#{System.pid()}"
      )

    File.mkdir_p!(path)
    ExUnit.Callbacks.on_exit(fn -> File.rm_rf(path) end)
    for {name, content} <- files, do: File.write!(Path.join(path, name), content)
    path
  end

  @doc "A path that nobody else has, other VMs neither, of a file that goes away with the test."
  def path(name) do
    path =
      Path.join(
        System.tmp_dir!(),
        "envmgr-#{name}-#{System.unique_integer([:positive])}-#{System.pid()}"
      )

    ExUnit.Callbacks.on_exit(fn -> File.rm(path) end)
    path
  end

  @doc "A path for `probe.await_file`, and what makes the file."
  def gate do
    path = path("gate")
    {path, fn -> File.touch!(path) end}
  end

  @doc "A running instance of a project with one environment, `std`. Returns its name and project."
  def start(overrides \\ [], options \\ []) do
    project = new()
    activate(project, "std", overrides)
    name = :"instance#{System.unique_integer([:positive])}"
    fixed = [name: name, project: project, watch: false, start_timeout: 60_000]
    ExUnit.Callbacks.start_supervised!({Envmgr, fixed ++ options})

    {name, project}
  end

  @doc "Writes a launch manifest, as `envmgr sync` does."
  def activate(project, environment, overrides \\ []) do
    layer = layer()
    generation = Keyword.get(overrides, :generation, 1)
    libraries = Keyword.get(overrides, :libraries, Map.new(@modules, &{&1, library(&1)}))

    manifest = %{
      "schema" => 1,
      "project" => "test",
      "environment" => environment,
      "generation" => generation,
      "key" => "key#{generation}",
      "store" => layer.path,
      "python" => %{"version" => "3", "implementation" => "cpython", "executable" => layer.python},
      "command" =>
        Keyword.get(overrides, :command, [layer.python, "-B", Path.join(layer.path, "worker.py")]),
      "env" => %{
        "PYTHONPATH" => Keyword.get(overrides, :path, layer.probes),
        "PROBE_GENERATION" => "#{generation}"
      },
      "cwd" => project,
      "lease" => Path.join(project, "lease"),
      "pools" => Keyword.get(overrides, :pools, pools(Keyword.get(overrides, :workers, 2))),
      "fork" =>
        Keyword.get(
          overrides,
          :fork,
          System.get_env("ENVMGR_TEST_FORK") == "1" || "tests do without"
        ),
      "compression" => Keyword.get(overrides, :compression, "none"),
      "libraries" => libraries
    }

    {:ok, data} = Encoder.encode(manifest)
    path = Path.join([project, ".envmgr", "envs", environment, "launch.msgpack"])
    File.mkdir_p!(Path.dirname(path))
    File.write!(path <> ".new", data)
    File.rename!(path <> ".new", path)
  end

  @doc "Pools of a launch manifest: the default one, of so many workers."
  def pools(workers, overrides \\ %{}) do
    %{"default" => Map.merge(%{"min" => workers, "max" => workers}, overrides)}
  end

  def deactivate(project, environment) do
    File.rm!(Path.join([project, ".envmgr", "envs", environment, "launch.msgpack"]))
  end

  def library(module, overrides \\ %{}) do
    Map.merge(
      %{
        "module" => module,
        "distribution" => nil,
        "version" => nil,
        "timeout" => 30_000,
        "init" => "",
        "catalog" => Path.join(layer().path, "#{module}.catalog")
      },
      overrides
    )
  end

  @doc "A project of the real command line: its envmgr.toml, synced, and its own tool."
  def real(toml) do
    project = new()
    configure(project, toml)
    tool(project, ~s(exec #{command()} "$@"))
    {_answer, 0} = System.cmd(command(), ["sync", "--quiet", "--project", project])
    project
  end

  @doc "Writes envmgr.toml."
  def configure(project, toml), do: File.write!(Path.join(project, "envmgr.toml"), toml)

  @doc "Makes a shell script the project's envmgr."
  def tool(project, script) do
    path = Path.join(project, ".envmgr/tool/bin/envmgr")
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, "#!/bin/sh\n" <> script <> "\n")
    File.chmod!(path, 0o755)
  end

  @doc "The real command line."
  def command do
    System.find_executable("envmgr") || Path.join(@repository, ".venv/bin/envmgr")
  end

  @doc """
  Waits until the condition holds; the pool's state has no message to wait for. The bound is against hangs alone: a machine
  that does much else is slow, and no test fails by that.
  """
  def eventually(condition, ms \\ 60_000) do
    deadline = System.monotonic_time(:millisecond) + ms
    check(condition, deadline)
  end

  @doc "How many calls end with the processes that wait for them. A plain call is one of them when it has taken 50 ms."
  def watched(name) do
    {_generation, workers, _pool} = Envmgr.Pool.Route.lookup(name, "std")

    for {owner, _slot} <- tl(Tuple.to_list(workers)), reduce: 0 do
      count -> count + map_size(:sys.get_state(owner).watched)
    end
  end

  @doc "Whether a process of this number runs (and is no zombie)."
  def alive?(os_pid) do
    case File.read("/proc/#{os_pid}/stat") do
      {:ok, stat} ->
        not (stat =~ ~r/\) Z /)

      {:error, _} ->
        not File.dir?("/proc") and
          match?({_, 0}, System.cmd("kill", ["-0", "#{os_pid}"], stderr_to_stdout: true))
    end
  end

  defp check(condition, deadline) do
    cond do
      value = condition.() ->
        value

      System.monotonic_time(:millisecond) > deadline ->
        raise ExUnit.AssertionError, message: "the condition did not come true in time"

      true ->
        Process.sleep(10)
        check(condition, deadline)
    end
  end

  defp build_layer do
    path = Path.join(System.tmp_dir!(), "envmgr-layer-#{System.pid()}")
    probes = Path.join(@support, "python")
    System.at_exit(fn _ -> File.rm_rf!(path) end)
    %{path: path, python: build(path, probes, @modules ++ @others), probes: probes}
  end

  @doc "A layer in `path` with the catalogs of these modules, which are found in `probes`: its Python."
  def build(path, probes, modules) do
    script = Path.join(@support, "layer.py")
    arguments = [script, Path.join(@repository, "runtime"), path, probes | modules]
    {python, 0} = System.cmd(python(), arguments)
    String.trim(python)
  end

  defp python do
    venv = Path.join(@repository, ".venv/bin/python")
    System.get_env("ENVMGR_TEST_PYTHON") || if(File.exists?(venv), do: venv, else: "python3")
  end
end
