defmodule Envmgr.Values.Summary do
  # A term in a few words, for errors that are made before Python has seen it. Calls no `Inspect` of anybody's structs.
  @moduledoc false

  alias Envmgr.{Array, Bytes, Frame, Ref, Series}
  alias Envmgr.Values.Secrets

  @depth 3
  @items 5
  @letters 80
  @whole 300

  @doc "At most some hundred characters; `[redacted]` where the name is a secret's, or what looks like one."
  @spec of(term(), term()) :: String.t()
  def of(term, name \\ nil) do
    text = term(term, name, @depth)
    if String.length(text) > @whole, do: String.slice(text, 0, @whole) <> "…", else: text
  end

  defp term(term, _name, _depth) when term in [nil, true, false], do: inspect(term)

  defp term(term, name, depth) do
    if Secrets.name?(name), do: "[redacted]", else: shown(term, depth)
  end

  defp shown(term, _depth) when is_integer(term) do
    if abs(term) < 1.0e77, do: Integer.to_string(term), else: "an integer of #{bits(term)} bits"
  end

  defp shown(term, _depth) when is_float(term) or is_atom(term), do: inspect(term)
  defp shown(term, _depth) when is_binary(term), do: text(term)
  defp shown([], _depth), do: "[]"
  defp shown(term, 0) when is_list(term), do: "[…]"
  defp shown(term, 0) when is_map(term) and not is_struct(term), do: "%{…}"
  defp shown(term, 0) when is_tuple(term), do: "{…}"
  defp shown(term, depth) when is_list(term), do: list(term, depth)

  defp shown({name, value}, depth) when is_atom(name) or is_binary(name),
    do: "{#{shown(name, 1)}, #{term(value, name, depth - 1)}}"

  defp shown(term, depth) when is_tuple(term),
    do: "{#{items(Tuple.to_list(term), tuple_size(term), depth)}}"

  defp shown(%Ref{} = ref, _depth), do: inspect(ref)
  defp shown(%Bytes{data: data}, _depth) when is_binary(data), do: "#{byte_size(data)} bytes"

  defp shown(%Array{dtype: dtype, shape: shape}, _depth),
    do: "an array of #{inspect(dtype, limit: 3)}, shape #{inspect(shape)}"

  defp shown(%Frame{rows: rows, columns: columns}, _depth) when is_list(columns),
    do: "a frame of #{rows} rows and #{length(columns)} columns"

  defp shown(%Series{}, _depth), do: "a series"

  defp shown(%struct{} = term, _depth)
       when struct in [Date, Time, NaiveDateTime, DateTime, Range],
       do: inspect(term)

  defp shown(%struct{}, _depth), do: "%#{inspect(struct)}{}"

  defp shown(term, depth) when is_map(term) do
    pairs =
      for {key, value} <- Enum.take(term, @items),
          do: "#{shown(key, 1)} => #{term(value, key, depth - 1)}"

    "%{#{Enum.join(pairs ++ more(map_size(term)), ", ")}}"
  end

  defp shown(term, _depth) when is_function(term),
    do: "a function of #{:erlang.fun_info(term, :arity) |> elem(1)} arguments"

  defp shown(term, _depth) when is_pid(term), do: "a process"
  defp shown(_term, _depth), do: "a term"

  defp list(term, depth) do
    if List.improper?(term),
      do: "an improper list",
      else: "[#{items(term, length(term), depth)}]"
  end

  defp items(terms, count, depth) do
    shown = terms |> Enum.take(@items) |> Enum.map(&shown(&1, depth - 1))
    Enum.join(shown ++ more(count), ", ")
  end

  defp more(count) when count > @items, do: ["… #{count - @items} more"]
  defp more(_count), do: []

  defp text(term) do
    if String.valid?(term) do
      shown = term |> String.slice(0, 4 * @letters) |> Secrets.redact()

      if String.length(shown) > @letters,
        do: "#{inspect(String.slice(shown, 0, @letters))}… (#{byte_size(term)} bytes)",
        else: inspect(shown)
    else
      "#{byte_size(term)} bytes, no text"
    end
  end

  # Digits of a large integer take longer the more there are, by the square.
  defp bits(term) do
    <<first, rest::binary>> = term |> abs() |> :binary.encode_unsigned()
    8 * byte_size(rest) + length(Integer.digits(first, 2))
  end
end
