defmodule Envmgr.Pool.Raised do
  # What a function of this VM raised, as Python is told it (docs/protocol.md, section 3): the payload of a callback's result.
  @moduledoc false

  alias Envmgr.Values.Encoder

  @spec failure(String.t(), String.t(), String.t()) :: iodata()
  def failure(type, message, stacktrace \\ "") do
    fields = %{"type" => type, "message" => clean(message), "stacktrace" => clean(stacktrace)}
    {:ok, payload} = Encoder.encode(fields)
    payload
  end

  @spec caught(:error | :throw | :exit, term(), Exception.stacktrace()) :: iodata()
  def caught(:error, reason, stacktrace) do
    %struct{} = exception = Exception.normalize(:error, reason, stacktrace)

    failure(
      inspect(struct),
      Exception.message(exception),
      Exception.format_stacktrace(stacktrace)
    )
  end

  def caught(kind, reason, stacktrace) do
    message = Exception.format_banner(kind, reason)
    failure(to_string(kind), message, Exception.format_stacktrace(stacktrace))
  end

  defp clean(text), do: if(String.valid?(text), do: text, else: inspect(text))
end
