defmodule Envmgr.Pool.Callback do
  # One call from Python of a function of this VM, in a process of its own: decode, apply, encode.
  @moduledoc false

  alias Envmgr.Pool.{Lent, Puller, Raised}
  alias Envmgr.Values.{Decoder, Encoder, Refusal}

  @enforce_keys [:table, :key, :payload, :home]
  defstruct [:table, :key, :payload, :home]

  @typedoc "`home` is that of the worker that calls (`Envmgr.Values.Decoder`)."
  @type t :: %__MODULE__{table: atom(), key: pos_integer(), payload: binary(), home: map()}

  @calling :"$envmgr_callback"

  @doc "Whether the calling process runs a function for Python: what it calls ends with it."
  @spec calling?() :: boolean()
  def calling?, do: Process.get(@calling) != nil

  @spec run(t(), (status :: 0..2, payload :: iodata() -> term())) :: term()
  def run(callback, answer) do
    Process.put(@calling, true)

    case Lent.find(callback.table, callback.key) do
      nil -> answer.(2, missing())
      {what, context} -> in_context(context, fn -> serve(what, callback, context, answer) end)
    end
  end

  defp missing do
    Raised.failure(
      "missing",
      "the function is gone: the process that passed it has ended, or its call was cancelled"
    )
  end

  # A function that runs for another process logs, writes and is found as that one's.
  defp in_context(context, function) do
    Process.group_leader(self(), context.group_leader)
    Process.put(:"$callers", context.callers)
    Logger.metadata(context.metadata)
    function.()
  end

  defp serve(what, callback, context, answer) do
    {status, payload} =
      case Decoder.decode(:binary.copy(callback.payload), callback.home) do
        {:ok, [args, kwargs]} when is_list(args) and is_map(kwargs) ->
          served(what, args, kwargs, callback, context)

        {:ok, _other} ->
          {1, Raised.failure("conversion", "these are no arguments")}

        {:error, reason} ->
          {1, Raised.failure("conversion", "the arguments cannot be read: #{reason}")}
      end

    answer.(status, payload)
  end

  defp served(puller, [most], kwargs, callback, _context) when is_pid(puller) and kwargs == %{} do
    case Puller.pull(puller, most, callback.home.owner) do
      {:ok, payload} -> {0, payload}
      {:error, payload} -> {1, payload}
      :gone -> {2, missing()}
    end
  end

  defp served(function, args, kwargs, callback, context) do
    args = if kwargs == %{}, do: args, else: args ++ [kwargs]

    if is_function(function, length(args)),
      do: applied(function, args, callback, context),
      else: {1, Raised.failure("BadArityError", arity(function, args, kwargs))}
  end

  defp applied(function, args, %{home: %{owner: owner}} = callback, context) do
    value = apply(function, args)

    case Encoder.lending(value, owner) do
      {:ok, payload, held} ->
        lend(held, callback, context)
        {0, payload}

      {:ref, _ref} ->
        {1,
         Raised.failure("conversion", "the function's value holds an object of another worker")}

      {:error, refusal} ->
        {1, Raised.failure("conversion", "the function's value: " <> Refusal.text(refusal))}
    end
  catch
    kind, reason -> {1, Raised.caught(kind, reason, __STACKTRACE__)}
  end

  defp lend([], _callback, _context), do: :ok

  defp lend(held, callback, context) do
    loans = Lent.loans(held, context)
    Lent.lend(callback.table, callback.home.owner, nil, loans, context)
  end

  defp arity(function, args, kwargs) do
    {:arity, arity} = Function.info(function, :arity)
    named = if kwargs == %{}, do: "", else: ", the last a map of the named ones"
    "a function of arity #{arity} was called with #{length(args)} arguments#{named}"
  end
end
