defmodule Envmgr.Command.Tool do
  # Where the envmgr command is.
  @moduledoc false

  alias Envmgr.{Command, Options}
  alias Envmgr.Command.Arguments

  @usage 2
  @version Mix.Project.config()[:version]

  @doc "This library's version. The command's is the same: they are released together."
  @spec library_version() :: String.t()
  def library_version, do: @version

  @doc "The project's directory: `--project`, `config :envmgr, project:`, or the nearest envmgr.toml above."
  @spec project!(keyword()) :: String.t()
  def project!(options) do
    directory = project(options)

    cond do
      directory == nil ->
        Command.fail(
          "there is no envmgr.toml here or above",
          "start with one: `mix envmgr.init`",
          @usage
        )

      not File.regular?(Path.join(directory, "envmgr.toml")) ->
        Command.fail(
          "there is no envmgr.toml in #{directory}",
          "start with one: `mix envmgr.init --project #{directory}`",
          @usage
        )

      true ->
        directory
    end
  end

  @doc "The same, nil where there is none. What was named need not be there."
  @spec project(keyword()) :: String.t() | nil
  def project(options) do
    directory = options[:project] || Options.configured_project() || Options.nearest()
    directory && Path.expand(directory)
  end

  @doc """
  The command's argument vector, or nil: `config :envmgr, command:`, the variable ENVMGR, the project's own tool
  (`.envmgr/tool`), PATH.
  """
  @spec find(String.t()) :: [String.t(), ...] | nil
  def find(project) do
    own = program(project)

    cond do
      command = Options.command() -> List.wrap(command)
      command = System.get_env("ENVMGR") -> OptionParser.split(command)
      File.exists?(own) -> [own]
      command = System.find_executable("envmgr") -> [command]
      true -> nil
    end
  end

  @spec find!(String.t()) :: [String.t(), ...]
  def find!(project) do
    find(project) ||
      Command.fail("the command envmgr is not installed", "run `mix envmgr.install`")
  end

  @doc "Passes a mix task on: the same word of the command line, the task's arguments, its exit status."
  @spec forward(String.t(), [String.t()], String.t()) :: :ok
  def forward(word, arguments, help) do
    {options, rest} = Arguments.split!(arguments, help)
    project = project!(options)
    Command.finish(Command.run(find!(project) ++ [word, "--project", project] ++ rest))
  end

  @doc "The project's own tool."
  @spec directory(String.t()) :: String.t()
  def directory(project), do: Path.join(project, ".envmgr/tool")

  @spec program(String.t()) :: String.t()
  def program(project), do: Path.join(directory(project), "bin/envmgr")
end
