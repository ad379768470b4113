defmodule Envmgr.Command.Background do
  # A program that runs beside the application, owned by the process that starts it and never outliving it: when the
  # owner ends, or the VM is killed, so does the program.
  #
  # To the owner: `{port, {:data, output}}`, and last `{port, {:exit_status, status}}`.
  @moduledoc false

  # Standard input ends with the owner, and the program itself never reads it. What the program starts in turn is the
  # program's to look after.
  @script """
  exec 3<&0
  "$@" </dev/null 3<&- &
  program=$!
  { read -r _ <&3; kill -KILL $program; } >/dev/null 2>&1 &
  watch=$!
  exec 3<&-
  wait $program
  status=$?
  kill $watch
  exit $status
  """

  @doc "Starts a program; stdout and stderr both become output."
  @spec start([String.t(), ...]) :: {:ok, port()} | {:error, String.t()}
  def start(command) do
    arguments = ["-c", @script, "envmgr" | command]
    options = [:binary, :exit_status, :stderr_to_stdout, :hide, args: arguments]
    {:ok, Port.open({:spawn_executable, "/bin/sh"}, options)}
  rescue
    error in ErlangError -> {:error, "does not start: #{inspect(error.original)}"}
  end
end
