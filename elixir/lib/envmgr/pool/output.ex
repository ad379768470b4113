defmodule Envmgr.Pool.Output do
  # What Python code prints, logs and warns of: to the log, or to whom its call named.
  @moduledoc false

  require Logger

  alias Envmgr.Pool.Flight

  @streams %{1 => :stdout, 2 => :stderr, 3 => :logging, 4 => :warnings}

  @typedoc "Of a call: to the log with its correlation, to nobody, or as messages `{:envmgr_output, tag, map}`."
  @type t ::
          {:log, correlation :: String.t() | nil} | :ignore | {pid() | reference(), tag :: term()}

  @doc "`name` and `level` are those of a record of `logging`, or a warning's category; else nil."
  @spec deliver(
          {1..4, binary(), binary() | nil, non_neg_integer() | nil},
          Flight.label() | nil,
          keyword()
        ) ::
          :ok
  def deliver(said, label, labels) do
    case Flight.output(label) do
      :ignore ->
        :ok

      {:log, correlation} ->
        call = [
          library: Flight.library(label),
          path: Flight.path(label),
          correlation: correlation
        ]

        log(said, call ++ labels)

      {to, tag} ->
        send(to, {:envmgr_output, tag, described(said, label)})
        :ok
    end
  end

  defp log({stream, text, name, number}, labels) do
    labels = if name, do: [{:logger, name} | labels], else: labels
    labels = for {_key, value} = pair <- labels, value != nil, do: pair

    Logger.log(
      if(number, do: level(number), else: if(stream == 1, do: :info, else: :warning)),
      fn ->
        if(name, do: [name, ": ", String.trim_trailing(text)], else: String.trim_trailing(text))
      end,
      labels
    )
  end

  defp described({stream, text, name, number}, label) do
    about = %{
      stream: Map.fetch!(@streams, stream),
      text: :binary.copy(text),
      library: Flight.library(label),
      path: Flight.path(label)
    }

    case stream do
      3 -> Map.merge(about, %{logger: :binary.copy(name), level: level(number)})
      4 -> Map.merge(about, %{category: :binary.copy(name), level: level(number)})
      _text -> about
    end
  end

  # Python's levels.
  defp level(number) when number >= 50, do: :critical
  defp level(number) when number >= 40, do: :error
  defp level(number) when number >= 30, do: :warning
  defp level(number) when number >= 20, do: :info
  defp level(_number), do: :debug
end
