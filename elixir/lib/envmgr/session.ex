defmodule Envmgr.Session do
  @moduledoc """
  Calls that belong together: they share variables, which both languages read and write, and run in one worker, so that
  their objects can be used together.

      {:ok, session} = Envmgr.Session.open()
      :ok = Envmgr.Session.put(session, "threshold", 0.5)
      {:ok, model} = Envmgr.execute("sklearn.linear_model.LinearRegression", [], session: session, as: :ref)
      {:ok, _} = Envmgr.execute("my_project.train", [model], session: session)
      {:ok, score} = Envmgr.Session.get(session, "score")
      :ok = Envmgr.Session.close(session)

  `Envmgr.with_session/2` opens and closes one. The option `session` gives a call to it: of `Envmgr.execute/3`, `async/3`, `stream/3`, chains, methods.

  ## Variables

  In Python `envmgr_runtime.session()` is a mapping of them. A value that can be sent is kept here and sent along with the session's calls:
  each side reads a copy, and a worker's end does not touch it. What cannot be sent stays in its worker, as it is: here it is an `Envmgr.Ref`, in Python the
  object itself. It is lost with its worker, and says so: the next use answers an error with code `:variable_lost` (in Python a
  `SessionError`) until the variable is put again or deleted.

  Whoever writes last wins, in the order in which the session's process hears of it. It has heard of what a call's Python code put
  before that call is answered. A call sees what was put before it began; what was put meanwhile, it may see.

  ## Workers

  The first call in a pool picks a worker, the one with the fewest sessions and calls; with affinity `:strict` (the default) the session's calls
  in this pool go there as long as it lives, and wait where it is busy. With `:prefer` a call goes to another worker while that one is busy,
  and has the variables there; not while a variable stays in it as an object. A call with refs goes to their worker. When the worker ends, or
  a new generation takes its place, a successor gets the variables.

  ## Life

  A session ends with the process that owns it (the one that opened it; `give_away/2`), by `close/1`, and when it has rested or lived for as long as it
  may (`idle`, `ttl`). Any process that has it may use it, or find it by its name (`find/2`). The refs of its calls are its own, and are released at its
  end. Calls that are under way then go on, without variables.
  """

  alias Envmgr.{Error, Ref}
  alias Envmgr.Calls.{Objects, Sessions}
  alias Envmgr.Calls.Sessions.{Packing, Settings}

  @enforce_keys [:id, :pid, :name]
  defstruct [:id, :pid, :name]

  @type t :: %__MODULE__{id: String.t(), pid: pid(), name: atom()}

  @type option ::
          {:id, String.t()}
          | {:owner, pid() | nil}
          | {:affinity, :strict | :prefer}
          | {:idle, timeout()}
          | {:ttl, timeout()}
          | {:max_variables, pos_integer()}
          | {:max_bytes, pos_integer()}
          | {:max_refs, pos_integer()}
          | {:name, atom()}

  @typedoc "The name of a variable: a text of 1 to 200 bytes; an atom stands for its text."
  @type variable :: String.t() | atom()

  @doc """
  Opens a session, or finds the one of that name. Costs some microseconds, and nothing in any worker before the first call. Options:

  - `id`: its name, by which other processes find it; where there is a session of that name it is answered as it is, whatever the other
    options say. Default: a new one.
  - `owner`: the process with which it ends; default: the calling one. `nil`: nobody; it needs `idle` or `ttl` then.
  - `affinity`: `:strict` (default) or `:prefer`.
  - `idle`: for how long it may rest, ms: nothing done with it, no call under way. Default `:infinity`.
  - `ttl`: for how long it may live, ms. Default `:infinity`.
  - `max_variables` (1,000), `max_bytes` (64 MiB, of plain variables as they are sent), `max_refs` (10,000): beyond, the code is `:session_limit`.
    What several workers put at the same moment may go beyond the first two, and one answer beyond the last.
  - `name`: the instance; default `Envmgr`.

        {:ok, session} = Envmgr.Session.open(id: "user-42", owner: nil, idle: 1_800_000)
  """
  @spec open([option()]) :: {:ok, t()} | {:error, Error.t()}
  def open(opts \\ []), do: Sessions.open(opts)

  @doc """
  As `open/1`; gives the session itself and raises `Envmgr.Error`.

      iex> session = Envmgr.Session.open!(id: "counting")
      iex> Envmgr.Session.put(session, "n", 1)
      :ok
      iex> Envmgr.Session.close(session)
      :ok
  """
  @spec open!([option()]) :: t()
  def open!(opts \\ []), do: value!(open(opts))

  @doc """
  Ends a session: its workers forget the variables, its refs are released. `:ok` also where it has ended before.

      :ok = Envmgr.Session.close(session)
  """
  @spec close(t()) :: :ok
  def close(%__MODULE__{} = session) do
    Sessions.ask(session, :close)
    :ok
  end

  @doc """
  The open session of that name, or nil.

      %Envmgr.Session{} = Envmgr.Session.find("user-42")
  """
  @spec find(String.t(), atom()) :: t() | nil
  def find(id, name \\ Envmgr) when is_binary(id), do: Sessions.find(id, name)

  @doc """
  All open sessions of an instance, by name. Raises `ArgumentError` where that does not run.

      [%Envmgr.Session{id: "user-42"} | _] = Envmgr.Session.list()
  """
  @spec list(atom()) :: [t()]
  def list(name \\ Envmgr), do: Sessions.list(name)

  @doc """
  Puts a variable: a value that Python can have (not functions and streams), or a ref by itself, which is the session's from then on. A
  ref inside of a value is refused.

      :ok = Envmgr.Session.put(session, "threshold", 0.5)
  """
  @spec put(t(), variable(), term()) :: :ok | {:error, Error.t()}
  def put(%__MODULE__{} = session, variable, value) do
    with {:ok, name} <- named(session, variable),
         {:ok, packed} <- Packing.pack(session, name, value),
         :ok <- given(session, value),
         do: Sessions.ask(session, {:put, name, packed})
  end

  @doc """
  As `put/3`; gives the session and raises `Envmgr.Error`.

      session = Envmgr.Session.open!() |> Envmgr.Session.put!("a", 1) |> Envmgr.Session.put!("b", 2)
  """
  @spec put!(t(), variable(), term()) :: t()
  def put!(session, variable, value) do
    with {:error, error} <- put(session, variable, value), do: raise(error)
    session
  end

  @doc """
  A variable's value, or `default` where there is none. Values have come the way of arguments and answers: a keyword list is a list of
  tuples, a struct with an `Envmgr.Encoder` what that made of it. One that was lost is an error with code `:variable_lost`.

      {:ok, 0.5} = Envmgr.Session.get(session, "threshold")
      {:ok, nil} = Envmgr.Session.get(session, "nothing")
  """
  @spec get(t(), variable(), term()) :: {:ok, term()} | {:error, Error.t()}
  def get(%__MODULE__{} = session, variable, default \\ nil) do
    with {:ok, name} <- named(session, variable),
         do: session |> Sessions.ask({:get, name}) |> Packing.unpack(session, name, default)
  end

  @doc """
  As `get/3`; gives the value itself and raises `Envmgr.Error`.

      0.5 = Envmgr.Session.get!(session, "threshold")
  """
  @spec get!(t(), variable(), term()) :: term()
  def get!(session, variable, default \\ nil), do: value!(get(session, variable, default))

  @doc """
  Puts what `fun` makes of a variable's value, or of `initial` where there is none; gives the new value. Where another has
  put it meanwhile, on either side, `fun` is called again: it does nothing but compute.

      {:ok, 1} = Envmgr.Session.update(session, "visits", 0, &(&1 + 1))
  """
  @spec update(t(), variable(), term(), (term() -> term())) :: {:ok, term()} | {:error, Error.t()}
  def update(%__MODULE__{} = session, variable, initial, fun) when is_function(fun, 1) do
    with {:ok, name} <- named(session, variable), do: swapped(session, name, initial, fun)
  end

  defp swapped(session, name, initial, fun) do
    before = Sessions.ask(session, {:get, name})

    with {:ok, value} <- Packing.unpack(before, session, name, initial),
         value = fun.(value),
         {:ok, packed} <- Packing.pack(session, name, value),
         :ok <- given(session, value) do
      case Sessions.ask(session, {:swap, name, before, packed}) do
        :ok -> {:ok, value}
        :again -> swapped(session, name, initial, fun)
        error -> error
      end
    end
  end

  @doc """
  Forgets a variable, a lost one too. `:ok` also where there is none.

      :ok = Envmgr.Session.delete(session, "threshold")
  """
  @spec delete(t(), variable()) :: :ok | {:error, Error.t()}
  def delete(%__MODULE__{} = session, variable) do
    with {:ok, name} <- named(session, variable), do: Sessions.ask(session, {:delete, name})
  end

  @doc """
  The names of the variables, sorted; not of lost ones (`info/1`).

      {:ok, ["threshold"]} = Envmgr.Session.keys(session)
  """
  @spec keys(t()) :: {:ok, [String.t()]} | {:error, Error.t()}
  def keys(%__MODULE__{} = session) do
    with %{} = all <- Sessions.ask(session, :all),
         do:
           {:ok,
            Enum.sort(for {name, variable} <- all, not match?({:lost, _, _}, variable), do: name)}
  end

  @doc """
  All variables. An error with code `:variable_lost` where one was lost.

      {:ok, %{"threshold" => 0.5}} = Envmgr.Session.all(session)
  """
  @spec all(t()) :: {:ok, %{String.t() => term()}} | {:error, Error.t()}
  def all(%__MODULE__{} = session) do
    with %{} = all <- Sessions.ask(session, :all) do
      Enum.reduce_while(all, {:ok, %{}}, fn {name, variable}, {:ok, values} ->
        case Packing.unpack(variable, session, name, nil) do
          {:ok, value} -> {:cont, {:ok, Map.put(values, name, value)}}
          error -> {:halt, error}
        end
      end)
    end
  end

  @doc """
  Counts as use: the session's rest begins anew.

      :ok = Envmgr.Session.touch(session)
  """
  @spec touch(t()) :: :ok | {:error, Error.t()}
  def touch(%__MODULE__{} = session), do: Sessions.ask(session, :touch)

  @doc """
  Makes `pid` the owner: the session ends with it.

      :ok = Envmgr.Session.give_away(session, pid)
  """
  @spec give_away(t(), pid()) :: :ok | {:error, Error.t()}
  def give_away(%__MODULE__{} = session, pid) when is_pid(pid),
    do: Sessions.ask(session, {:give, pid})

  @doc """
  What a session is and has done: `id`, `name` (the instance), `owner`, `affinity`, `opened`, `age` and `rested` (ms), `idle`, `ttl`, `calls`, `errors`, `active` (calls
  under way), `variables`, `bytes`, `refs` (counts), `lost` (by name, why), `restorations` (how often a successor got the variables), `workers` (of each
  `environment`, `generation`, `os_pid`, `home`).

      {:ok, %{calls: 2, errors: 0}} = Envmgr.Session.info(session)
  """
  @spec info(t()) :: {:ok, map()} | {:error, Error.t()}
  def info(%__MODULE__{} = session) do
    with %{id: _} = info <- Sessions.ask(session, :info), do: {:ok, info}
  end

  defp named(session, atom) when is_atom(atom) and atom not in [nil, true, false],
    do: named(session, Atom.to_string(atom))

  defp named(session, name) do
    if Settings.fits?(name) do
      {:ok, name}
    else
      message =
        "#{inspect(name, limit: 5)} is no name of a variable: it is a text of 1 to 200 bytes"

      {:error, Sessions.error(session, code: :arguments, message: message)}
    end
  end

  defp given(session, %Ref{} = ref), do: Objects.give_away(ref, session.pid)
  defp given(_session, _value), do: :ok

  defp value!({:ok, value}), do: value
  defp value!({:error, error}), do: raise(error)

  defimpl Inspect do
    def inspect(session, _opts), do: "#Envmgr.Session<#{session.id}>"
  end
end
