defmodule Envmgr.Pool.Strays do
  # Processes that have left their group, by the mark in the environment that they were started with (Linux; elsewhere none are
  # found).
  @moduledoc false

  @variable "ENVMGR_WORKER"

  @doc "The variable's name."
  @spec variable() :: String.t()
  def variable, do: @variable

  @doc "Those of workers and instances with these marks. Reads a file for each process of the machine."
  @spec find(MapSet.t(String.t())) :: [os_pid :: String.t()]
  def find(marks) do
    for pid <- processes(), mark = mark(pid), mark in marks or instance(mark) in marks, do: pid
  end

  # The mark of a worker is its instance's, and more.
  defp instance(mark), do: mark |> String.split(";") |> hd()

  defp processes do
    case File.ls("/proc") do
      {:ok, names} -> for <<digit, _::binary>> = name <- names, digit in ?0..?9, do: name
      {:error, _none} -> []
    end
  end

  defp mark(pid) do
    with {:ok, environment} <- File.read("/proc/#{pid}/environ"),
         [_before, found] <- String.split("\0" <> environment, "\0#{@variable}=", parts: 2) do
      found |> String.split("\0", parts: 2) |> hd()
    else
      _unmarked -> nil
    end
  end
end
