defmodule Envmgr.Options do
  # The options of an instance, validated once; nobody else reads them or the application environment.
  @moduledoc false

  alias Envmgr.Near
  alias Envmgr.Libraries.Hooks
  alias Envmgr.Release.Place
  alias Envmgr.Values.Decoders

  @default_start_timeout 60_000
  @grace 5_000
  @heartbeat 5_000

  @enforce_keys [:name, :secret]
  defstruct [
    :name,
    :secret,
    :project,
    watch: true,
    check: false,
    decoders: %{},
    hooks: [],
    start_timeout: @default_start_timeout,
    heartbeat: @heartbeat,
    grace: @grace
  ]

  @type t :: %__MODULE__{
          name: atom(),
          secret: (() -> <<_::256>>),
          project: String.t() | nil,
          watch: boolean(),
          check: :raise | :log | false,
          decoders: Decoders.t(),
          hooks: [term()],
          start_timeout: pos_integer(),
          heartbeat: pos_integer(),
          grace: pos_integer()
        }

  @known [:name, :project, :watch, :check, :decoders, :hooks, :start_timeout, :heartbeat] ++
           [:grace]

  @doc """
  Options of one instance. Raises `ArgumentError` that names every problem.

  - `name`: an atom, by which calls pick the instance; default `Envmgr`
  - `project`: directory of an envmgr.toml; `nil` or absent: the nearest above the working directory; `false`: none
  - `watch`: whether a changed envmgr.toml is brought into the pools by itself, default `true`; `Envmgr.reload/1` does it
    either way
  - `check`: whether the environments are looked at before the first worker starts (`Envmgr.Release.check!/1`): `:raise`, `:log` or `false`; default
    `false`, in a release `:raise` for what is in it, else `:log`
  - `decoders`: functions of one argument, or modules with a struct, by Python type (`"my_mod.Point"`) or name of a serializer; what one makes takes the place of an
    `Envmgr.Record`, `Envmgr.EnumMember`, `Envmgr.Object` or `Envmgr.Custom` of that type; default `%{}`
  - `hooks`: modules that use `Envmgr.Hooks`, `before: {pattern, function}`, `after: {pattern, function}`; default `[]`
  - `start_timeout`: how long a worker may take until it is ready, ms; default #{@default_start_timeout}
  - `heartbeat`: how often a worker that has no call is asked whether it lives, ms; one that is silent three times is replaced;
    default #{@heartbeat}
  - `grace`: how long a worker may take to end before it is killed, and calls to be answered when the instance stops, ms;
    default #{@grace}

  `secret` is none of them: random bytes, new each time, behind a function so that no log shows them.
  """
  @spec new!(keyword()) :: t()
  def new!(options) when is_list(options) do
    case Enum.flat_map(options, &problem/1) do
      [] ->
        struct!(
          %__MODULE__{name: Envmgr, secret: secret()},
          options |> Keyword.update(:project, project(nil), &project/1) |> unwatched(cell())
        )

      problems ->
        raise ArgumentError, "options of Envmgr: " <> Enum.join(problems, "; ")
    end
  end

  @doc "The options of the default instance, from `config :envmgr`."
  @spec default!() :: t()
  def default! do
    :envmgr
    |> Application.get_all_env()
    |> Keyword.drop([:command, :included_applications])
    |> in_cell(cell())
    |> released(Place.in_release?(), Place.here())
    |> new!()
  end

  # In a test that `envmgr matrix run` has started, the project is the one that it has laid out for the cell.
  defp in_cell(options, nil), do: options

  defp in_cell(options, cell) do
    if options[:project] == false, do: options, else: Keyword.put(options, :project, cell)
  end

  defp unwatched(options, cell) do
    if cell != nil and options[:project] == cell,
      do: Keyword.put(options, :watch, false),
      else: options
  end

  defp cell do
    case System.get_env("ENVMGR_CELL_PROJECT", "") do
      "" -> nil
      path -> Path.expand(path)
    end
  end

  # The project that a release was assembled from is in the release.
  defp released(options, false, _none), do: options
  defp released(options, true, nil), do: Keyword.put_new(options, :check, :log)

  defp released(options, true, place) do
    configured = options[:project]

    if configured == nil or
         (is_binary(configured) and Path.expand(configured) == Place.origin(place)),
       do:
         options |> Keyword.merge(project: place, watch: false) |> Keyword.put_new(:check, :raise),
       else: Keyword.put_new(options, :check, :log)
  end

  @doc "The project that `config :envmgr` names."
  @spec configured_project() :: String.t() | nil
  def configured_project do
    path = Application.get_env(:envmgr, :project)
    if is_binary(path), do: Path.expand(path)
  end

  @doc "Whether `config :envmgr` says that there is no project."
  @spec without_project?() :: boolean()
  def without_project?, do: Application.get_env(:envmgr, :project) == false

  @doc "The command line of envmgr that `config :envmgr` names."
  @spec command() :: String.t() | [String.t()] | nil
  def command, do: Application.get_env(:envmgr, :command)

  @doc "The nearest directory with an envmgr.toml, from `directory` upwards."
  @spec nearest(String.t()) :: String.t() | nil
  def nearest(directory \\ File.cwd!()) do
    parent = Path.dirname(directory)

    cond do
      File.regular?(Path.join(directory, "envmgr.toml")) -> directory
      parent == directory -> nil
      true -> nearest(parent)
    end
  end

  defp secret do
    bytes = :crypto.strong_rand_bytes(32)
    fn -> bytes end
  end

  defp project(nil), do: cell() || nearest()
  defp project(false), do: nil
  defp project(path), do: Path.expand(path)

  defp problem({:name, name}) when is_atom(name) and name not in [nil, true, false], do: []
  defp problem({:project, path}) when is_binary(path) or path in [nil, false], do: []

  defp problem({:watch, watch}) when is_boolean(watch), do: []
  defp problem({:check, check}) when check in [:raise, :log, false], do: []

  defp problem({:decoders, decoders}) when is_map(decoders) and not is_struct(decoders) do
    for {type, decoder} <- decoders, not (is_binary(type) and Decoders.fits?(decoder)) do
      "decoders: #{inspect(type)} => #{inspect(decoder)} is not a string and a function of one argument or a struct's module"
    end
  end

  defp problem({:hooks, hooks}) do
    with {:error, problems} <- Hooks.parse(hooks),
         do: Enum.map(problems, &"hooks: #{&1}"),
         else: ({:ok, _hooks} -> [])
  end

  defp problem({key, ms})
       when key in [:start_timeout, :heartbeat, :grace] and is_integer(ms) and ms > 0,
       do: []

  defp problem({key, value}) when key in @known,
    do: ["#{inspect(value)} is no value of #{inspect(key)}"]

  defp problem({key, _value}) do
    hint = Near.hint(to_string(key), Enum.map(@known, &to_string/1))
    ["unknown option #{inspect(key)}#{if hint, do: ", " <> hint}"]
  end
end
