defmodule Envmgr.Release.Packing do
  # Copies what pools need of active environments into one directory, from which they run wherever it is.
  @moduledoc false

  alias Envmgr.Libraries.Moving
  alias Envmgr.Release.{Contents, Place}
  alias Envmgr.Values.{Decoder, Encoder}

  @hook ~r/^(?<file>.+\.py):\w/

  @typedoc "`environments`: nil for all that are active. `files`: further ones of the project, relative to it."
  @type options :: %{
          project: String.t(),
          environments: [String.t()] | nil,
          files: [String.t()]
        }

  @doc "The environments that were packed; or all problems."
  @spec run(options(), String.t()) :: {:ok, [String.t(), ...]} | {:error, [String.t(), ...]}
  def run(%{project: project} = options, place) do
    active = active(project)
    names = options.environments || Map.keys(active)

    with :ok <- sound(problems(project, names, active)),
         manifests = Map.take(active, names),
         files =
           Enum.uniq(options.files ++ Enum.flat_map(manifests, &hooks(elem(&1, 1), project))),
         :ok <- sound(for(file <- files, problem = unfit(file, project), do: problem)) do
      File.rm_rf!(place)
      File.mkdir_p!(place)
      for {name, manifest} <- manifests, do: pack(name, manifest, project, place)
      documents = ["envmgr.toml" | for(name <- names, do: "locks/pylock.#{name}.toml")]
      for file <- documents ++ files, do: copy(Path.join(project, file), Path.join(place, file))
      # Last: a directory without it is none of a release.
      Place.mark!(place, project)
      {:ok, names}
    end
  end

  defp active(project) do
    for path <-
          Path.wildcard(Path.join(project, ".envmgr/envs/*/launch.msgpack"), match_dot: true),
        {:ok, %{} = manifest} <- [path |> File.read!() |> Decoder.decode()],
        into: %{},
        do: {path |> Path.dirname() |> Path.basename(), manifest}
  end

  defp sound([]), do: :ok
  defp sound(problems), do: {:error, problems}

  defp problems(project, [], _active), do: ["no environment of #{project} is active"]

  defp problems(_project, names, active) do
    Enum.flat_map(names, fn name ->
      case active[name] do
        nil -> ["#{name}: there is no such environment, or it is not active"]
        %{"store" => store} -> adopted(name, File.read_link(store))
      end
    end)
  end

  defp adopted(name, {:ok, target}),
    do: [
      "#{name}: it is the environment #{target} of another tool, which stays where it is; leave it beside the release"
    ]

  defp adopted(_name, {:error, _directory}), do: []

  defp pack(name, manifest, project, place) do
    %{"store" => store, "command" => command} = manifest
    layer = command |> List.last() |> Path.dirname()

    for path <- [store, store <> ".manifest", store <> ".catalog", layer, layer <> ".manifest"],
        File.exists?(path),
        do: copy(path, inside(path, project, place))

    for path <- [store, layer], contents = Contents.of(path) do
      Contents.write!(contents, inside(path, project, place))
    end

    {:ok, data} = manifest |> Moving.relative(project) |> Encoder.encode()
    launch = Path.join([place, ".envmgr/envs", name, "launch.msgpack"])
    File.mkdir_p!(Path.dirname(launch))
    File.write!(launch, data)
  end

  defp inside(path, project, place), do: Path.join(place, Path.relative_to(path, project))

  # Files of the project that hooks and pipelines name.
  defp hooks(manifest, project) do
    for {_name, library} <- manifest["libraries"],
        text <- texts([library["hooks"], library["pipelines"], library["serializers"]]),
        %{"file" => file} <- [Regex.named_captures(@hook, text)],
        File.exists?(Path.join(project, file)),
        do: file
  end

  defp texts(text) when is_binary(text), do: [text]
  defp texts(list) when is_list(list), do: Enum.flat_map(list, &texts/1)
  defp texts(map) when is_map(map), do: map |> Map.values() |> texts()
  defp texts(_other), do: []

  defp unfit(file, project) do
    cond do
      Path.type(file) != :relative or Path.safe_relative(file) == :error ->
        "#{file}: it is outside of the project"

      not File.exists?(Path.join(project, file)) ->
        "#{file}: there is no such file in #{project}"

      true ->
        nil
    end
  end

  # With the times of files: bytecode holds for these alone. A store's files are links to uv's cache; these are copies.
  defp copy(from, to) do
    if File.exists?(from) do
      File.mkdir_p!(Path.dirname(to))
      if File.dir?(from), do: File.mkdir_p!(to)
      from = if File.dir?(from), do: from <> "/.", else: from

      case System.cmd("cp", ["-RPp", from, to], stderr_to_stdout: true) do
        {_nothing, 0} ->
          :ok

        {said, _status} ->
          raise File.Error, reason: :eio, action: "copy #{from}: #{said}", path: to
      end
    end
  end
end
