defmodule Envmgr.Command do
  # The room of the control plane's command line: found, installed and run (contract ③). Imports the options, nothing of
  # the data plane.
  @moduledoc false

  @doc "Runs a program with this terminal as its own, so that progress and colours reach the user. Its exit status."
  @spec run([String.t(), ...]) :: non_neg_integer()
  def run([program | arguments]) do
    port =
      Port.open({:spawn_executable, executable(program)}, [
        :nouse_stdio,
        :exit_status,
        args: arguments,
        env: [{'ENVMGR_CALLED_AS', 'mix envmgr'}]
      ])

    receive do
      {^port, {:exit_status, status}} -> status
    end
  end

  @doc "Runs a program and returns what it printed, or nil when it fails or does not exist."
  @spec ask([String.t(), ...]) :: String.t() | nil
  def ask([program | arguments]) do
    case System.cmd(program, arguments, stderr_to_stdout: true) do
      {output, 0} -> String.trim(output)
      _failed -> nil
    end
  rescue
    ErlangError -> nil
  end

  @doc "Ends the mix task with the status of the command that it ran."
  @spec finish(non_neg_integer()) :: :ok
  def finish(0), do: :ok
  def finish(status), do: exit({:shutdown, status})

  @doc "Ends the mix task with an error in words."
  @spec fail(String.t(), String.t() | nil, pos_integer()) :: no_return()
  def fail(message, hint \\ nil, status \\ 1) do
    IO.puts(:stderr, "error: #{message}#{if hint, do: "\n\nhint: " <> hint}")
    exit({:shutdown, status})
  end

  defp executable(program) do
    System.find_executable(program) || fail("there is no program #{program}")
  end
end
