defmodule Envmgr.Calls.Sessions.Changes do
  # What a session and its workers tell each other (docs/protocol.md, message 11).
  @moduledoc false

  alias Envmgr.{Bytes, Ref}
  alias Envmgr.Values.{Decoder, Encoder}
  alias Envmgr.Wire.{Messages, Msgpack}

  @doc "A session is over."
  @spec ended(String.t()) :: iodata()
  def ended(id), do: Messages.session(id, [Msgpack.map(1), text("end") | <<0xC3>>])

  @doc "What a worker is to take on: `at` counts these messages, `limits` are for its first one."
  @spec message(String.t(), pos_integer(), [pos_integer()] | nil, what) :: iodata()
        when what: %{optional(:set | :keep | :absent | :delete) => list()}
  def message(id, at, limits, what) do
    parts =
      [at: Msgpack.int(at), limits: limits && [0x92 | Enum.map(limits, &Msgpack.int/1)]] ++
        [set: pairs(what[:set]), keep: pairs(what[:keep]), absent: texts(what[:absent])] ++
        [delete: names(what[:delete])]

    parts = for {key, data} <- parts, data, do: [text(Atom.to_string(key)) | data]
    Messages.session(id, [Msgpack.map(length(parts)) | parts])
  end

  defp pairs(nil), do: nil

  defp pairs(pairs) do
    data = for {name, packed} <- pairs, do: [text(name), Msgpack.bin(byte_size(packed)) | packed]

    [Msgpack.map(length(pairs)) | data]
  end

  defp texts(nil), do: nil

  defp texts(pairs),
    do: [Msgpack.map(length(pairs)) | for({name, why} <- pairs, do: [text(name) | text(why)])]

  defp names(nil), do: nil
  defp names(names), do: [Msgpack.array(length(names)) | Enum.map(names, &text/1)]

  defp text(text), do: [Msgpack.str(byte_size(text)) | text]

  @doc "An object of a worker, packed."
  @spec ref(Ref.t()) :: binary()
  def ref(ref) do
    {:ok, data} = Encoder.encode(ref, ref.owner)
    IO.iodata_to_binary(data)
  end

  @typedoc "`at`: the last message that the worker had when it made the change."
  @type change :: %{
          at: non_neg_integer(),
          set: [{String.t(), binary()}],
          keep: [{String.t(), Ref.t()}],
          delete: [String.t()]
        }

  @doc "What a worker has changed. The refs in it are held by the home's holder."
  @spec read(binary(), map()) :: {:ok, change()} | :error
  def read(payload, home) do
    with {:ok, %{"at" => at} = said} when is_integer(at) <- Decoder.decode(payload),
         {:ok, set} <- packed(said["set"]),
         {:ok, kept} <- packed(said["keep"]) do
      keep =
        for {name, packed} <- kept,
            {:ok, %Ref{} = ref} <- [Decoder.decode(packed, home)],
            do: {name, ref}

      delete = for name when is_binary(name) <- List.wrap(said["delete"]), do: name
      {:ok, %{at: at, set: set, keep: keep, delete: delete}}
    else
      _malformed -> :error
    end
  end

  # A value must not keep the frame alive that it came in.
  defp packed(nil), do: {:ok, []}

  defp packed(%{} = said),
    do:
      {:ok,
       for(
         {name, %Bytes{data: data}} when is_binary(name) <- said,
         do: {name, :binary.copy(data)}
       )}

  defp packed(_other), do: :error
end
