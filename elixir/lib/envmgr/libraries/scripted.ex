defmodule Envmgr.Libraries.Scripted do
  # Where tests take the place of Python (`Envmgr.Testing`). Their calls are those of rows whose plan is marked: a call of any other
  # row asks nothing. Rows are marked as they are made, once a test has switched that on; a VM of no tests never does.
  @moduledoc false

  alias Envmgr.Libraries.{Plan, Row}

  @timeout 30_000
  @parameters nil

  @doc "Has the calls of all paths answered by `answer`, from now on."
  @spec switch_on((term(), term() -> term())) :: :ok
  def switch_on(answer) when is_function(answer, 2) do
    :persistent_term.put(__MODULE__, answer)
    forget()
  end

  @spec switch_off() :: :ok
  def switch_off do
    :persistent_term.erase(__MODULE__)
    forget()
  end

  # Rows that were made before are made anew.
  defp forget do
    of_a_path = [{:"$1", [{:is_binary, {:element, 1, :"$1"}}], [true]}]

    for table <- :ets.all(),
        is_atom(table),
        instance?(table),
        do: :ets.select_delete(table, of_a_path)

    :ok
  end

  defp instance?(table) do
    :ets.member(table, :project) and :ets.member(table, :manager)
  rescue
    # Another's private table, or one that is gone.
    ArgumentError -> false
  end

  @doc "What answers scripted calls; nil where no test switched it on."
  @spec answer() :: (term(), term() -> term()) | nil
  def answer, do: :persistent_term.get(__MODULE__, nil)

  @doc "A plan, marked where tests script calls."
  @spec mark(Plan.t() | nil) :: Plan.t() | nil
  def mark(plan), do: if(answer(), do: %{(plan || %Plan{}) | scripted?: true}, else: plan)

  @doc "The row of a path that no catalog has; nil where no test scripts calls."
  @spec row(String.t()) :: Row.t() | nil
  def row(path) do
    with [library, rest] <- :binary.split(path, "."), %Plan{} = plan <- mark(nil) do
      home = {library, "none", @timeout, 0, false}
      Row.build(path, nil, home, [rest, "function", @parameters, nil, "", 0, nil], plan, nil)
    else
      _no -> nil
    end
  end

  @doc "Whether a row is of no catalog."
  @spec made?(Row.t()) :: boolean()
  def made?(row), do: elem(row, 2) == "none" and elem(row, 6) == 0
end
