defmodule Envmgr.Release.Checking do
  # Whether the active environments of a project can run on this machine, as far as is cheap: a look at each directory, one
  # start of each interpreter.
  @moduledoc false

  alias Envmgr.Libraries.Manifest
  alias Envmgr.Release.{Closed, Contents}
  alias Envmgr.Values.Decoder
  alias Envmgr.Wire

  @few 3
  @patience 20_000
  @version "import sys; print('.'.join(map(str, sys.version_info[:3])))"

  @doc "All that is wrong, an environment after the other; warnings are what may still work."
  @spec run(String.t()) :: {problems :: [String.t()], warnings :: [String.t()]}
  def run(project) do
    envs = Path.join(project, ".envmgr/envs")

    case File.ls(envs) do
      {:ok, [_ | _] = names} ->
        names
        |> Enum.sort()
        |> Task.async_stream(&environment(&1, envs, project), timeout: @patience, ordered: true)
        |> Enum.map(fn {:ok, found} -> found end)
        |> then(fn found -> {said(found, :problem), said(found, :warning)} end)

      _none ->
        {["no environment is installed in #{project}"], []}
    end
  end

  # What several have in common is told once.
  defp said(found, kind) do
    pairs = for {name, said} <- found, {^kind, text} <- said, do: {text, name}
    names = Enum.group_by(pairs, &elem(&1, 0), &elem(&1, 1))

    for {text, _name} <- Enum.uniq_by(pairs, &elem(&1, 0)),
        do: "#{Enum.join(names[text], ", ")}: #{text}"
  end

  defp environment(name, envs, project) do
    with {:ok, content} <- File.read(Path.join([envs, name, "launch.msgpack"])),
         {:ok, manifest} <- Manifest.parse(content, project),
         {:ok, facts} <- Decoder.decode(content) do
      {name, parts(manifest, facts)}
    else
      {:error, :enoent} ->
        {name, []}

      {:error, reason} ->
        {name, [problem: "its launch manifest cannot be used: #{inspect(reason)}"]}
    end
  end

  defp parts(%{command: [python | arguments]} = manifest, facts) do
    worker = List.last(arguments) || ""
    layer = Path.dirname(worker)
    store = python |> Path.dirname() |> Path.dirname()
    closed = Enum.flat_map([store, layer], &List.wrap(Closed.directory(Path.join(&1, "any"))))

    if closed == [],
      do: looked(manifest, python, layer, store, facts),
      else: for(directory <- Enum.uniq(closed), do: {:problem, shut(directory)})
  end

  defp shut(directory), do: "#{directory} is closed to the user of this VM (#{Closed.user()})"

  defp looked(manifest, python, layer, store, facts) do
    interpreter(python, facts["python"] || %{}) ++
      protocol(layer) ++
      whole(layer, "the runtime layer") ++
      whole(store, "the store entry") ++
      catalogs(manifest) ++
      directory(manifest.cwd)
  end

  defp interpreter(python, recorded) do
    wanted = "Python #{recorded["version"]} (#{recorded["executable"]})"

    case File.stat(python) do
      {:ok, _there} ->
        compare(version(python), recorded["version"], wanted)

      {:error, _gone} ->
        case Closed.directory(python) do
          nil -> [problem: "#{wanted} is not on this machine: #{python}#{leads(python)}"]
          directory -> [problem: "#{wanted} cannot be started: #{shut(directory)}"]
        end
    end
  end

  defp leads(link) do
    case File.read_link(link) do
      {:ok, target} -> " leads to #{target}"
      {:error, _none} -> " is not there"
    end
  end

  defp version(python) do
    case System.cmd(python, ["-I", "-S", "-c", @version], stderr_to_stdout: true) do
      {said, 0} -> {:ok, String.trim(said)}
      {said, _status} -> {:error, said |> String.trim() |> String.slice(0, 200)}
    end
  rescue
    error in ErlangError -> {:error, inspect(error.original)}
  end

  defp compare({:error, why}, _recorded, wanted),
    do: [problem: "#{wanted} does not start: #{why}"]

  defp compare({:ok, version}, recorded, wanted) do
    cond do
      recorded == nil or version == plain(recorded) ->
        []

      minor(version) == minor(recorded) ->
        [warning: "built with #{wanted}, which is #{version} here"]

      true ->
        [problem: "built with #{wanted}, which is #{version} here"]
    end
  end

  # Of 3.14.0rc1 its numbers, which are all that is asked.
  defp plain(version),
    do: ~r/^\d+\.\d+\.\d+/ |> Regex.run(version) |> List.wrap() |> Enum.at(0, version)

  defp minor(version), do: version |> String.split(".") |> Enum.take(2)

  defp protocol(layer) do
    ours = Wire.protocol()

    with {:ok, source} <- File.read(Path.join(layer, "envmgr_runtime/wire/messages.py")),
         [_line, protocol] <- Regex.run(~r/^PROTOCOL = (\d+)/m, source),
         false <- protocol == "#{ours}" do
      [
        problem:
          "its workers speak protocol #{protocol}, this library protocol #{ours}: sync with the command of this version"
      ]
    else
      _same_or_told_below -> []
    end
  end

  defp whole(place, what) do
    cond do
      not File.dir?(place) ->
        [problem: "#{what} #{place} is not there"]

      # An adopted one is another tool's, and changes without us.
      match?({:ok, _adopted}, File.read_link(place)) ->
        []

      true ->
        case Contents.missing(Contents.of(place) || %{}, place) do
          [] -> []
          missing -> [problem: "#{what} #{place} is not whole: #{list(Enum.sort(missing))}"]
        end
    end
  end

  defp list(paths) do
    {shown, more} = Enum.split(paths, @few)
    Enum.join(shown, ", ") <> if(more == [], do: "", else: " and #{length(more)} more")
  end

  defp catalogs(manifest) do
    for {library, %{catalog: catalog}} <- manifest.libraries,
        not File.regular?(catalog),
        do: {:problem, "the catalog of #{library} is not there: #{catalog}"}
  end

  defp directory(nil), do: []

  defp directory(cwd) do
    if File.dir?(cwd), do: [], else: [problem: "its directory #{cwd} is not there"]
  end
end
