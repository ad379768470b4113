defmodule Envmgr.Libraries.Manifest do
  # A launch manifest, read and checked: all that a pool knows of an environment.
  @moduledoc false

  alias Envmgr.Libraries.{Moving, Sizing}
  alias Envmgr.Values.Decoder

  @enforce_keys [:digest, :environment, :generation, :command, :workers, :libraries]
  defstruct [
    :digest,
    :environment,
    :generation,
    :command,
    :workers,
    :libraries,
    :cwd,
    :lease,
    :key,
    :python,
    compression: "none",
    fork: false,
    pools: %{},
    env: []
  ]

  @type library :: %{
          module: String.t(),
          distribution: String.t() | nil,
          version: String.t() | nil,
          timeout: pos_integer(),
          init: String.t(),
          serializers: %{String.t() => String.t()},
          aliases: %{String.t() => String.t()},
          hooks: %{String.t() => String.t()},
          pipelines: %{String.t() => map()},
          cache: %{String.t() => map()},
          limits: %{String.t() => map()},
          recovery: %{String.t() => term()},
          trace: boolean(),
          catalog: String.t()
        }

  @type t :: %__MODULE__{
          digest: binary() | {binary(), without :: [String.t()]},
          environment: String.t(),
          generation: pos_integer(),
          command: [String.t(), ...],
          workers: pos_integer(),
          libraries: %{String.t() => library()},
          cwd: String.t() | nil,
          lease: String.t() | nil,
          key: String.t() | nil,
          python: String.t() | nil,
          compression: String.t(),
          fork: boolean(),
          pools: %{String.t() => Sizing.t()},
          env: [{String.t(), String.t() | nil}]
        }

  @doc "The manifest that `content` holds; `digest` tells one content from another. `root`: the project's directory."
  @spec parse(binary(), String.t()) :: {:ok, t()} | {:error, String.t()}
  def parse(content, root) do
    with {:ok, map} <- Decoder.decode(content),
         %{"schema" => 1} <- map,
         {:ok, manifest} <- map |> Moving.absolute(root) |> build(:erlang.md5(content)) do
      {:ok, manifest}
    else
      {:error, reason} -> {:error, reason}
      %{"schema" => schema} -> {:error, "schema #{inspect(schema)} is not known to this version"}
      _other -> {:error, "no launch manifest"}
    end
  end

  @doc "The libraries that a manifest names which is not otherwise as it should be."
  @spec names(binary()) :: [String.t()]
  def names(content) do
    case Decoder.decode(content) do
      {:ok, %{"libraries" => %{} = libraries}} ->
        for {name, _} <- libraries, is_binary(name), do: name

      _malformed ->
        []
    end
  end

  @doc "The names of the pools that serve a library."
  @spec pools_of(t(), String.t()) :: [String.t()]
  def pools_of(manifest, library) do
    for {name, %{libraries: served}} <- Enum.sort(manifest.pools),
        served == nil or library in served,
        do: name
  end

  @doc "The manifest without some libraries; nil when none is left."
  @spec without(t(), MapSet.t(String.t())) :: t() | nil
  def without(manifest, libraries) do
    case Map.split(manifest.libraries, MapSet.to_list(libraries)) do
      {_gone, left} when left == %{} -> nil
      {gone, _all} when gone == %{} -> manifest
      {gone, left} -> %{manifest | libraries: left, digest: {manifest.digest, Map.keys(gone)}}
    end
  end

  @doc "The manifest with these libraries alone; nil: all of them."
  @spec only(t(), [String.t()] | nil) :: t()
  def only(manifest, nil), do: manifest

  def only(manifest, libraries),
    do: %{manifest | libraries: Map.take(manifest.libraries, libraries)}

  @doc "Whether workers of the one can serve the other: only their number, the generation, and what
  is done on this side of the pipe differ. Pools may come and go."
  @spec same_workers?(t(), t()) :: boolean()
  def same_workers?(one, other) do
    worker(one) == worker(other) and
      Enum.all?(one.pools, fn {name, sizing} ->
        other = other.pools[name]
        other == nil or Sizing.worker(sizing) == Sizing.worker(other)
      end)
  end

  defp worker(manifest) do
    theirs = %{timeout: 0, aliases: %{}, trace: false, cache: %{}, limits: %{}, recovery: %{}}

    libraries =
      Map.new(manifest.libraries, fn {name, facts} -> {name, Map.merge(facts, theirs)} end)

    %{manifest | digest: nil, generation: nil, workers: nil, pools: nil, libraries: libraries}
  end

  defp build(map, digest) do
    with %{
           "environment" => environment,
           "generation" => generation,
           "command" => [_ | _] = command,
           "libraries" => %{} = libraries
         } <- map,
         true <- is_binary(environment) and is_integer(generation),
         true <- Enum.all?(command, &is_binary/1),
         %{"default" => default} = pools <- Sizing.parse(map["pools"] || fixed(map["workers"])),
         %{} = libraries <- libraries(libraries) do
      {:ok,
       %__MODULE__{
         digest: digest,
         environment: environment,
         generation: generation,
         command: command,
         workers: default.max,
         pools: pools,
         fork: map["fork"] == true,
         libraries: libraries,
         cwd: map["cwd"],
         lease: map["lease"],
         key: map["key"],
         python: python(map["python"]),
         compression: map["compression"] || "none",
         env: Enum.to_list(map["env"] || %{})
       }}
    else
      _ -> {:error, "a key of the launch manifest is missing or malformed"}
    end
  end

  # Of a generation that an older envmgr has activated.
  defp fixed(workers), do: %{"default" => %{"min" => workers, "max" => workers}}

  defp python(%{"version" => version}) when is_binary(version), do: version
  defp python(_unknown), do: nil

  defp libraries(libraries) do
    Enum.reduce_while(libraries, %{}, fn
      {name, %{"module" => module, "timeout" => timeout, "catalog" => catalog} = library}, acc
      when is_binary(name) and is_binary(module) and is_integer(timeout) and is_binary(catalog) ->
        facts = %{
          module: module,
          distribution: library["distribution"],
          version: library["version"],
          timeout: timeout,
          init: library["init"] || "",
          serializers: library["serializers"] || %{},
          aliases: library["aliases"] || %{},
          hooks: library["hooks"] || %{},
          pipelines: library["pipelines"] || %{},
          cache: library["cache"] || %{},
          limits: library["limits"] || %{},
          recovery: library["recovery"] || %{},
          trace: library["trace"] == true,
          catalog: catalog
        }

        {:cont, Map.put(acc, name, facts)}

      _malformed, _acc ->
        {:halt, nil}
    end)
  end
end
