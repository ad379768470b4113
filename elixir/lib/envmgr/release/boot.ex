defmodule Envmgr.Release.Boot do
  # The end of a VM whose boot this application refuses. OTP would tell the reason in a stack of its own, write a crash dump of
  # nothing that crashed, and end as it does for any bug.
  @moduledoc false

  require Logger

  # The words of an exception are told as such only where they have a stack.
  @here [{Envmgr.Application, :start, 2, []}]

  @doc "Of an application that refuses to start: ends the VM with status 1 where that is its boot; elsewhere what the start is to return."
  @spec refused(Exception.t()) :: {:error, {Exception.t(), Exception.stacktrace()}} | no_return()
  def refused(error) do
    if boots?() do
      text = "envmgr: " <> Exception.message(error)
      Logger.error(text)
      Logger.flush()
      unless shown?(), do: IO.puts(:stderr, text)
      System.halt(1)
    else
      {:error, {error, @here}}
    end
  end

  # Whoever starts it by hand (Mix, `eval` in a release) is answered, and goes on.
  defp boots? do
    Enum.any?(:application.info()[:starting] || [], &match?({:envmgr, :permanent, _, _}, &1))
  end

  # A log that only a file has, or nobody, is not before the operator's eyes.
  defp shown? do
    handlers =
      for %{module: module} = handler <- :logger.get_handler_config(), do: {module, handler}

    backends = Application.get_env(:logger, :backends, [])

    Logger.compare_levels(Logger.level(), :error) != :gt and
      Enum.any?(handlers, fn
        {:logger_std_h, %{config: %{type: type}}} -> type in [:standard_io, :standard_error]
        {Logger.Handler, _handler} -> :console in backends
        _elsewhere -> false
      end)
  end
end
