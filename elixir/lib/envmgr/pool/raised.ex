defmodule Envmgr.Pool.Raised do
  # What a function of this VM raised, as Python is told it (docs/protocol.md, section 3): the payload of a callback's result.
  @moduledoc false

  alias Envmgr.Values.Encoder

  @spec failure(String.t(), String.t(), String.t()) :: iodata()
  def failure(type, message, stacktrace \\ ""), do: type |> map(message, stacktrace) |> payload()

  @spec caught(:error | :throw | :exit, term(), Exception.stacktrace()) :: iodata()
  def caught(kind, reason, stacktrace), do: kind |> told(reason, stacktrace) |> payload()

  @doc "The same, not yet encoded."
  @spec told(:error | :throw | :exit, term(), Exception.stacktrace()) :: map()
  def told(:error, reason, stacktrace) do
    %struct{} = exception = Exception.normalize(:error, reason, stacktrace)
    map(inspect(struct), Exception.message(exception), Exception.format_stacktrace(stacktrace))
  end

  def told(kind, reason, stacktrace) do
    message = Exception.format_banner(kind, reason)
    map(to_string(kind), message, Exception.format_stacktrace(stacktrace))
  end

  defp map(type, message, stacktrace),
    do: %{"type" => type, "message" => clean(message), "stacktrace" => clean(stacktrace)}

  defp payload(map) do
    {:ok, payload} = Encoder.encode(map)
    payload
  end

  defp clean(text), do: if(String.valid?(text), do: text, else: inspect(text))
end
