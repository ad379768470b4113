defmodule Envmgr.Command.Installing do
  # How the envmgr command comes to be there.
  @moduledoc false

  alias Envmgr.Command
  alias Envmgr.Command.Tool

  @checkout Path.expand("../../../..", __DIR__)
  @distribution "envmgr-elixir"
  @pythons ~w(python3.13 python3.12 python3.11 python3 python3.14)
  @failed 4

  @no_network ~w(ConnectionError NewConnectionError ConnectTimeout ReadTimeout resolution\ failed resolve\ host dns\ error) ++
                ~w(Network\ is\ unreachable Connection\ refused error\ sending\ request Failed\ to\ fetch offline)

  @doc """
  The command: found, or installed into the project's own tool environment, where one of another version is replaced. With `from` it is installed
  in any case. Shows what it does; ends the task when it fails.
  """
  @spec ensure!(String.t(), String.t() | nil, boolean()) :: [String.t(), ...]
  def ensure!(project, from, offline?) do
    found = if from == nil, do: Tool.find(project)

    if found == nil or outdated?(found, project),
      do: install!(project, from || source(), offline?),
      else: found
  end

  # Whoever names a command of their own knows which.
  defp outdated?([program], project) do
    program == Tool.program(project) and
      Command.ask([program, "--version"]) != "envmgr #{Tool.library_version()}"
  end

  defp outdated?(_command, _project), do: false

  @doc "What is installed by itself: the checkout that this library stands in, else the distribution of this version."
  @spec source(String.t()) :: String.t()
  def source(checkout \\ @checkout) do
    case File.read(Path.join(checkout, "pyproject.toml")) do
      {:ok, text} -> if text =~ ~s(name = "#{@distribution}"), do: checkout, else: released()
      {:error, _} -> released()
    end
  end

  defp released, do: "#{@distribution}==#{Tool.library_version()}"

  defp install!(project, source, offline?) do
    directory = Tool.directory(project)
    IO.puts(:stderr, "installing envmgr into #{Path.relative_to_cwd(directory)}")
    ignored(Path.dirname(directory))
    # A half-made environment is never repaired.
    File.rm_rf!(directory)
    make!(directory, wanted(source, offline?))
    [Tool.program(project)]
  end

  # As every directory .envmgr.
  defp ignored(directory) do
    File.mkdir_p!(directory)
    path = Path.join(directory, ".gitignore")
    if not File.exists?(path), do: File.write!(path, "*\n")
  end

  # Arguments of `pip install`, which uv takes, too.
  defp wanted(source, offline?) do
    path = Path.expand(source)
    offline = if offline?, do: [:offline], else: []

    cond do
      not File.exists?(path) -> offline ++ [source]
      wheels?(path) -> ["--no-index", "--find-links", path, @distribution]
      Path.extname(path) == ".whl" -> offline ++ ["--find-links", Path.dirname(path), path]
      true -> offline ++ [path]
    end
  end

  defp wheels?(path), do: File.dir?(path) and Path.wildcard(Path.join(path, "*.whl")) != []

  defp make!(directory, wanted) do
    case {Enum.find(@pythons, &recent?/1), System.find_executable("uv")} do
      {nil, nil} ->
        Command.fail(
          "envmgr needs Python 3.11 or later, or uv; neither is on PATH",
          "Debian, Ubuntu: `apt install python3 python3-venv`; macOS: `brew install python`",
          @failed
        )

      {nil, uv} ->
        with {:error, said} <- with_uv(uv, directory, wanted), do: give_up(directory, said)

      {system, uv} ->
        # Debian's python3 without python3-venv makes no environment, and pip has no cache to install from; uv does both.
        with {:error, said} <- with_pip(system, directory, wanted),
             {:error, said} <- again(uv, directory, wanted, said),
             do: give_up(directory, said)
    end
  end

  defp again(nil, _directory, _wanted, said), do: {:error, said}

  defp again(uv, directory, wanted, _said) do
    File.rm_rf!(directory)
    with_uv(uv, directory, wanted)
  end

  defp with_pip(system, directory, wanted) do
    wanted = for word <- wanted, do: if(word == :offline, do: "--no-index", else: word)
    pip = [python(directory), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]

    with :ok <- quietly([system, "-m", "venv", directory]),
         do: quietly(pip ++ wanted)
  end

  defp with_uv(uv, directory, wanted) do
    wanted = for word <- wanted, do: if(word == :offline, do: "--offline", else: word)
    pip = [uv | ~w(pip install --quiet --compile-bytecode --python)]

    with :ok <- quietly([uv, "venv", "--quiet", "--python", ">=3.11", directory]),
         do: quietly(pip ++ [python(directory) | wanted])
  end

  defp python(directory), do: Path.join(directory, "bin/python")

  defp quietly([program | arguments]) do
    case System.cmd(program, arguments, stderr_to_stdout: true) do
      {_said, 0} -> :ok
      {said, _status} -> {:error, said}
    end
  rescue
    error in ErlangError -> {:error, "#{program} does not start: #{inspect(error.original)}\n"}
  end

  @spec give_up(String.t(), String.t()) :: no_return()
  defp give_up(directory, said) do
    File.rm_rf!(directory)
    IO.write(:stderr, said)

    hint =
      if String.contains?(said, @no_network) do
        "without a network: `pip download #{released()}` on another machine, then `mix envmgr.install --from DIR`"
      else
        "the lines above say why; Debian and Ubuntu need `apt install python3-venv`. " <>
          "An envmgr of your own is used with `config :envmgr, command: PATH`"
      end

    Command.fail("envmgr could not be installed", hint, @failed)
  end

  defp recent?(python) do
    Command.ask([python, "-c", "import sys; print(sys.version_info >= (3, 11))"]) == "True"
  end
end
