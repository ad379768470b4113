defmodule Envmgr.Test.Named do
  # What CI keeps of a run is its end: the tests that failed are said there once more, with what they said.
  @moduledoc false

  use GenServer

  @lines 12

  @impl true
  def init(_options), do: {:ok, []}

  @impl true
  def handle_cast({:test_finished, %{state: {:failed, failures}} = test}, failed),
    do: {:noreply, [{test, failures} | failed]}

  def handle_cast({:suite_finished, _times}, failed) do
    for {test, failures} <- Enum.reverse(failed), do: IO.puts(said(test, failures))
    {:noreply, failed}
  end

  def handle_cast(_other, failed), do: {:noreply, failed}

  defp said(test, failures) do
    text = ExUnit.Formatter.format_test_failure(test, failures, 0, 100, fn _, line -> line end)
    text |> String.split("\n") |> Enum.take(@lines) |> Enum.join("\n")
  end
end
