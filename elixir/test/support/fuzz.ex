defmodule Envmgr.Test.Fuzz do
  # Frames that nobody wrote, at the decoder.
  @moduledoc false

  alias Envmgr.Array
  alias Envmgr.Test.Values
  alias Envmgr.Values.{Decoder, Encoder, Unread}

  @seeds 400
  @slow 1_000_000
  @growth 64 * 1024 * 1024

  @doc "Decodes so many frames. The error is the first frame that is answered as none may be."
  @spec run(pos_integer(), integer()) ::
          {:ok, %{ok: non_neg_integer(), error: non_neg_integer()}}
          | {:error, String.t(), binary()}
  def run(cases, seed) do
    :rand.seed(:exsss, {seed, 4, 3})
    corpus = for(_ <- 1..@seeds, do: corpus()) |> List.to_tuple()

    # A module that is loaded brings its atoms: what may be used is loaded before they are counted.
    for app <- [:kernel, :stdlib, :elixir, :envmgr],
        module <- Application.spec(app, :modules),
        do: Code.ensure_loaded(module)

    _warm = loop(2_000, corpus, %{ok: 0, error: 0}, {:infinity, :infinity})
    before = {:erlang.system_info(:atom_count), memory() + @growth}
    loop(cases, corpus, %{ok: 0, error: 0}, before)
  end

  defp loop(0, _corpus, counts, {atoms, memory}) do
    now = {:erlang.system_info(:atom_count), memory()}

    cond do
      elem(now, 0) > atoms -> {:error, "#{elem(now, 0) - atoms} atoms were made", <<>>}
      elem(now, 1) > memory -> {:error, "the memory grew by more than #{@growth} bytes", <<>>}
      true -> {:ok, counts}
    end
  end

  defp loop(left, corpus, counts, before) do
    data = frame(corpus)

    case :timer.tc(fn -> once(data) end) do
      {time, _answer} when time > @slow -> {:error, "it took #{time} µs", data}
      {_time, {:crash, banner}} -> {:error, banner, data}
      {_time, answer} -> loop(left - 1, corpus, Map.update!(counts, answer, &(&1 + 1)), before)
    end
  end

  # What arrives can be shown, sent again, and searched for the place of its fault.
  defp once(data) do
    buffers = {<<1, 2, 3, 4>>, <<>>}

    home = %{owner: self(), library: "l", generation: 1, environment: "e", name: :no_instance}

    case Decoder.decode(data, home, buffers) do
      {:ok, value} ->
        _ = Encoder.encode(value, self())
        listed(value)
        # What raises in an inspect/2 is shown in its place.
        shown = inspect(value)
        if shown =~ "#Inspect.Error", do: {:crash, shown}, else: :ok

      {:error, reason} when is_binary(reason) ->
        {"value" <> _, _} = Unread.answer(data, home, buffers, [], reason)
        :error
    end
  catch
    kind, reason -> {:crash, Exception.format(kind, reason, __STACKTRACE__)}
  end

  defp listed(%Array{shape: shape} = array) do
    if Tuple.product(shape) < 10_000, do: Array.to_list(array)
  rescue
    # It says what Elixir has no such element for.
    ArgumentError -> nil
  end

  defp listed(_value), do: nil

  defp corpus do
    {:ok, data} = Encoder.encode(Values.any(3))
    IO.iodata_to_binary(data)
  end

  defp frame(corpus) do
    case :rand.uniform(8) do
      1 -> :rand.bytes(:rand.uniform(48))
      2 -> cut(pick(corpus))
      3 -> splice(pick(corpus), pick(corpus))
      4 -> wrap(pick(corpus))
      n -> Enum.reduce(1..(n - 4), pick(corpus), fn _, data -> change(data) end)
    end
  end

  defp pick(corpus), do: elem(corpus, :rand.uniform(tuple_size(corpus)) - 1)
  defp cut(data), do: binary_part(data, 0, :rand.uniform(byte_size(data)) - 1)

  defp splice(a, b) do
    at = :rand.uniform(byte_size(b)) - 1
    cut(a) <> binary_part(b, at, byte_size(b) - at)
  end

  # Any extension around bytes that are a value, and mostly none of its own.
  defp wrap(data) do
    code = Enum.random(0..40)

    inner =
      Enum.random([
        data,
        <<0x91, data::binary>>,
        <<0x92, 0xA1, "x", data::binary>>,
        <<0x93, 0, 4, code>> <> data
      ])

    Envmgr.Wire.Msgpack.ext(code, byte_size(inner)) <> inner
  end

  defp change(data) do
    at = :rand.uniform(byte_size(data)) - 1
    <<head::binary-size(at), byte, tail::binary>> = data

    byte =
      case :rand.uniform(3) do
        1 -> :rand.uniform(256) - 1
        2 -> Enum.random([0, 0xFF, 0x7F, 0x80, 0xC1, 0xC7, 0xD4, 0xDC, 0xDF])
        3 -> Bitwise.bxor(byte, Bitwise.bsl(1, :rand.uniform(8) - 1))
      end

    <<head::binary, byte, tail::binary>>
  end

  defp memory do
    :erlang.garbage_collect()
    :erlang.memory(:total)
  end
end
