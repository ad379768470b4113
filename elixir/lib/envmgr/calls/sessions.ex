defmodule Envmgr.Calls.Sessions do
  # Sessions as callers see them. Each is a process of its own, which nobody's life depends on but its own:
  #
  #   Sessions (supervisor)
  #   ├── DynamicSupervisor: a Server for each session
  #   └── Keeper: opens them, knows how they ended
  @moduledoc false

  use Supervisor

  alias Envmgr.{Error, Options, Session}
  alias Envmgr.Calls.Sessions.{Book, Fate, Keeper, Settings}
  alias Envmgr.Pool.{Admission, Route}

  @spec start_link(Options.t()) :: Supervisor.on_start()
  def start_link(options), do: Supervisor.start_link(__MODULE__, options.name)

  @impl true
  def init(table) do
    sessions = Module.concat(table, "Sessions")

    children = [
      {DynamicSupervisor, name: sessions, strategy: :one_for_one},
      {Keeper, {table, sessions}}
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end

  @spec open(keyword()) :: {:ok, Session.t()} | {:error, Error.t()}
  def open(opts) do
    with {:ok, settings} <- Settings.parse(opts),
         {:ok, pid} <- opened(settings) do
      {:ok, %Session{id: settings.id, pid: pid, name: settings.name}}
    end
  end

  defp opened(settings) do
    with keeper when is_pid(keeper) <- keeper(settings.name),
         {:ok, pid} <- Keeper.open(keeper, settings) do
      {:ok, pid}
    else
      _none -> {:error, Envmgr.Calls.not_running(settings.name)}
    end
  catch
    :exit, _ended -> {:error, Envmgr.Calls.not_running(settings.name)}
  end

  @spec find(String.t(), atom()) :: Session.t() | nil
  def find(id, name) do
    if pid = Book.find(name, id), do: %Session{id: id, pid: pid, name: name}
  rescue
    ArgumentError -> nil
  end

  @spec list(atom()) :: [Session.t()]
  def list(name) do
    for {id, pid} <- Enum.sort(Book.all(name)), do: %Session{id: id, pid: pid, name: name}
  end

  @doc "Asks a session; `{:error, error}` where it has ended, or refuses."
  @spec ask(Session.t(), term()) :: term() | {:error, Error.t()}
  def ask(%Session{} = session, question) do
    case asked(session, question) do
      {:error, fields} -> {:error, error(session, fields)}
      answer -> answer
    end
  end

  defp asked(session, question) do
    GenServer.call(session.pid, question, :infinity)
  catch
    :exit, _ended -> {:error, session |> fate() |> Fate.fields(session.id)}
  end

  defp fate(session) do
    if keeper = keeper(session.name), do: Keeper.fate(keeper, session.pid), else: :unknown
  catch
    :exit, _ended -> :unknown
  end

  defp keeper(name) do
    case :ets.lookup(name, :sessions) do
      [{:sessions, keeper}] -> keeper
      [] -> nil
    end
  rescue
    ArgumentError -> nil
  end

  @spec error(Session.t(), keyword()) :: Error.t()
  def error(session, fields),
    do:
      %Error{}
      |> struct!(details: %{session: session.id})
      |> struct!(fields)
      |> Error.classified()

  @typedoc "A call of a session: `token` is its own."
  @type call :: %{session: Session.t(), token: reference()}

  @spec call(Session.t()) :: call()
  def call(session), do: %{session: session, token: make_ref()}

  @doc """
  The worker for a call of a session, counted like a picked one; it knows the session's variables. `owner`: the one that refs of the call are
  in; `wish` as of `Route.pinned/4`. May be asked again.
  """
  @spec route(call(), Route.place(), pid() | nil, Admission.wish() | nil) ::
          {:ok, pos_integer(), Route.worker()}
          | {:overloaded, Admission.refusal()}
          | :none
          | :gone
          | :stale
          | {:error, keyword()}
  def route(%{session: session, token: token} = call, place, owner, wish) do
    with {:ok, worker} <- asked(session, {:route, token, place, owner}) do
      case Route.pinned(session.name, Route.environment(place), worker, wish) do
        # It takes no more calls by now: the session finds another.
        nil -> route(call, place, owner, wish)
        {:overloaded, _why} = refused -> refused
        {generation, worker} -> {:ok, generation, worker}
      end
    end
  end

  @doc "A call is over."
  @spec left(call(), answer :: term()) :: :ok
  def left(%{session: session, token: token}, answer) do
    send(session.pid, {:left, token, not match?({:error, _}, answer)})
    :ok
  end
end
