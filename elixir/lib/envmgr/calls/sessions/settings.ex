defmodule Envmgr.Calls.Sessions.Settings do
  # The options of a session, validated.
  @moduledoc false

  alias Envmgr.{Error, Near}

  @longest 200
  @most_bytes 268_435_456

  defstruct name: Envmgr,
            id: nil,
            owner: nil,
            affinity: :strict,
            idle: :infinity,
            ttl: :infinity,
            max_variables: 1_000,
            max_bytes: 67_108_864,
            max_refs: 10_000

  @type t :: %__MODULE__{
          name: atom(),
          id: String.t(),
          owner: pid() | nil,
          affinity: :strict | :prefer,
          idle: timeout(),
          ttl: timeout(),
          max_variables: pos_integer(),
          max_bytes: pos_integer(),
          max_refs: pos_integer()
        }

  @values [
    name: "the name of an instance, an atom",
    id: "a text of 1 to #{@longest} bytes",
    owner: "a process, or nil for nobody",
    affinity: ":strict or :prefer",
    idle: "milliseconds or :infinity",
    ttl: "milliseconds or :infinity",
    max_variables: "a positive integer",
    max_bytes: "a positive integer of at most #{@most_bytes}",
    max_refs: "a positive integer"
  ]
  @known Keyword.keys(@values)
  @hint "options of a session are #{Enum.join(@known, ", ")}"

  @spec parse(term()) :: {:ok, t()} | {:error, Error.t()}
  def parse(opts) do
    if Keyword.keyword?(opts) do
      case Enum.flat_map(opts, &problem/1) do
        [] -> %__MODULE__{owner: self()} |> struct!(opts) |> named() |> bounded()
        problems -> error(Enum.join(problems, "; "), @hint)
      end
    else
      error("#{inspect(opts, limit: 5)} is no keyword list of options", @hint)
    end
  end

  @doc "Whether this may be the name of a session, or of a variable."
  @spec fits?(term()) :: boolean()
  def fits?(text),
    do: is_binary(text) and byte_size(text) in 1..@longest and String.valid?(text)

  defp named(%{id: nil} = settings) do
    %{settings | id: Base.encode32(:crypto.strong_rand_bytes(10), case: :lower, padding: false)}
  end

  defp named(settings), do: settings

  # Whom nobody owns must end by itself.
  defp bounded(%{owner: nil, idle: :infinity, ttl: :infinity}) do
    error(
      "a session without an owner needs idle or ttl",
      "Envmgr.Session.open(id: id, owner: nil, idle: 1_800_000)"
    )
  end

  defp bounded(settings), do: {:ok, settings}

  defp problem({:name, name}) when is_atom(name) and name not in [nil, true, false], do: []
  defp problem({:owner, owner}) when is_pid(owner) or owner == nil, do: []
  defp problem({:affinity, affinity}) when affinity in [:strict, :prefer], do: []
  defp problem({key, :infinity}) when key in [:idle, :ttl], do: []

  defp problem({key, ms})
       when key in [:idle, :ttl] and is_integer(ms) and ms > 0 and ms <= 0xFFFFFFFF,
       do: []

  defp problem({key, most})
       when key in [:max_variables, :max_refs] and is_integer(most) and most > 0,
       do: []

  defp problem({:max_bytes, most}) when is_integer(most) and most in 1..@most_bytes, do: []

  defp problem({:id, id}), do: if(fits?(id), do: [], else: [wrong(:id, id)])
  defp problem({key, value}) when key in @known, do: [wrong(key, value)]

  defp problem({key, _value}) do
    near = Near.hint(to_string(key), Enum.map(@known, &to_string/1))
    ["unknown option #{key}#{if near, do: ", " <> near}"]
  end

  defp wrong(key, value),
    do: "#{inspect(value, limit: 5)} is no value of the option #{key}: it is #{@values[key]}"

  defp error(message, hint),
    do: {:error, Error.classified(%Error{code: :arguments, message: message, hint: hint})}
end
