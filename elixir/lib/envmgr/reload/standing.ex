defmodule Envmgr.Reload.Standing do
  # What is asked for and what is active, in so many bytes that two moments can be compared, without a process: a few stats
  # where nothing changed.
  @moduledoc false

  alias Envmgr.Command.Tool
  alias Envmgr.Libraries.Manifest
  alias Envmgr.Reload.Print

  @enforce_keys [:toml, :locks, :settings, :command, :active]
  defstruct [:toml, :locks, :settings, :command, :active]

  @typedoc """
  `toml` and `locks`: what is asked for. `settings`: the variables that are laid over them, and this library's version. `command`: what
  would build. `active`: of each environment its launch manifest, and the files without which it cannot run.
  """
  @type t :: %__MODULE__{
          toml: Print.t(),
          locks: Print.t(),
          settings: binary(),
          command: term(),
          active: %{String.t() => {tuple(), binary(), [String.t()]}}
        }

  # Not laid over envmgr.toml: how the command runs.
  @beside ~w(ENVMGR ENVMGR_DEBUG ENVMGR_PROJECT)

  @spec take(String.t(), [String.t()] | nil, t() | nil) :: t()
  def take(project, command, before) do
    seen = if before, do: Map.merge(before.toml, before.locks), else: %{}
    {toml, locks} = project |> Print.take(seen) |> Map.split([Path.join(project, "envmgr.toml")])

    %__MODULE__{
      toml: toml,
      locks: locks,
      settings: settings(),
      command: command && {command, stamp(System.find_executable(hd(command)))},
      active: active(project, if(before, do: before.active, else: %{}))
    }
  end

  @doc "Whether nothing changed between two moments, and what is active at the second one is there."
  @spec same?(t() | nil, t()) :: boolean()
  def same?(nil, _now), do: false

  def same?(before, now) do
    Print.same?(before.toml, now.toml) and Print.same?(before.locks, now.locks) and
      before.settings == now.settings and
      before.command == now.command and manifests(before) == manifests(now) and
      Enum.all?(now.active, fn {_name, {_stat, _digest, files}} ->
        Enum.all?(files, &File.exists?/1)
      end)
  end

  defp settings do
    laid =
      for {"ENVMGR_" <> _ = name, value} <- System.get_env(),
          name not in @beside,
          do: {name, value}

    :erlang.md5(:erlang.term_to_binary({Tool.library_version(), Enum.sort(laid)}))
  end

  defp active(project, before) do
    envs = Path.join(project, ".envmgr/envs")

    for name <- List.wrap(with({:ok, names} <- File.ls(envs), do: names, else: (_none -> nil))),
        found = launch(Path.join([envs, name, "launch.msgpack"]), project, before[name]),
        into: %{},
        do: {name, found}
  end

  defp launch(path, project, before) do
    stat = stamp(path)

    case before do
      {^stat, _digest, _files} = before when stat != nil ->
        before

      _changed ->
        with {:ok, content} <- File.read(path),
             do: {stat, :erlang.md5(content), files(Manifest.parse(content, project))},
             else: (_gone -> nil)
    end
  end

  defp files({:ok, manifest}),
    do: [hd(manifest.command) | for({_, library} <- manifest.libraries, do: library.catalog)]

  defp files({:error, _unreadable}), do: []

  defp manifests(standing),
    do: Map.new(standing.active, fn {name, {_stat, digest, _files}} -> {name, digest} end)

  defp stamp(nil), do: nil

  defp stamp(path) do
    with {:ok, stat} <- File.stat(path, time: :posix),
         do: {stat.inode, stat.size, stat.mtime},
         else: (_none -> nil)
  end
end
