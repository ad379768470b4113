defmodule Envmgr.HooksTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Libraries.{Catalog, Hooks}
  alias Envmgr.Test.Project

  defmodule Ours do
    use Envmgr.Hooks

    # Of two clauses.
    @before_call "math.sqrt"
    def positive(%{args: [x | _]}) when is_number(x) and x < 0, do: {:error, "no roots of debts"}
    def positive(_call), do: :ok

    @before_call "probe.e*"
    @before_call ["math.hypot", "math.isq*"]
    def first(call), do: {:ok, seen(call, :first)}

    @before_call "probe.*"
    def second(call), do: {:ok, seen(call, :second)}

    @after_call "probe.echo"
    def outer(_call, value), do: {:ok, {:outer, value}}

    @after_call "probe.echo"
    def inner(call, value), do: {:ok, {:inner, call.args, value}}

    def no_hook(call), do: call

    defp seen(%{args: [list | rest]} = call, tag) when is_list(list),
      do: %{call | args: [list ++ [tag] | rest]}

    defp seen(call, _tag), do: call
  end

  def alone(%Envmgr.Hooks.Call{} = call), do: {:ok, %{call | kwargs: %{"value" => [call.path]}}}

  defp start(hooks, libraries \\ nil) do
    project = Project.new()
    names = ~w(math probe)
    libraries = libraries || Map.new(names, &{&1, Project.library(&1)})
    Project.activate(project, "std", workers: 1, libraries: libraries)
    name = :"hooked#{System.unique_integer([:positive])}"
    options = [name: name, project: project, watch: false, hooks: hooks]
    start_supervised!({Envmgr, options})
    name
  end

  defp call(name, path, args, opts \\ []), do: Envmgr.execute(path, args, [name: name] ++ opts)

  test "meet each item of a map once, whether it travels with others or not" do
    parent = self()

    before = fn
      %{args: [:refused | _]} -> {:error, "not this one"}
      %{args: [:raise | _]} -> raise "no"
      %{args: [x | _]} = call -> {:ok, put_in(call.args, [send(parent, x)])}
    end

    later = fn
      _call, 13 -> {:error, "nor that one"}
      %{args: [x]}, x -> {:ok, {:later, x}}
    end

    name = start(before: {"probe.echo", before}, after: {"probe.echo", later})
    large = String.duplicate("x", 100_000)
    items = [[1], [:refused], [2], [large], [:raise], [13], %{"value" => 1}, [3]]
    answers = Envmgr.map("probe.echo", items, name: name, batch: 8)

    assert [
             {:ok, {:later, 1}},
             {:error, %Error{code: :refused, message: "not this one", path: "probe.echo"}},
             {:ok, {:later, 2}},
             {:ok, {:later, ^large}},
             {:error, %Error{code: :hook}},
             {:error, %Error{code: :refused, message: "nor that one"}},
             {:error, %Error{code: :hook}},
             {:ok, {:later, 3}}
           ] = answers

    for x <- [1, 2, large, 13, 3], do: assert_received(^x)
    refute_received _twice
    [found] = for one <- Envmgr.calls(name), one.path == "probe.echo", do: one
    assert {found.count, found.errors} == {8, 4}
  end

  test "do not keep the items of a map from travelling together" do
    name = start(before: {"probe.*", fn _call -> :ok end})
    {:ok, 1} = call(name, "probe.echo", [1])
    answers = Envmgr.map("probe.kill_me", [[], []], name: name, batch: 2)
    assert [{:error, %{code: :worker_lost}}, {:error, %{code: :worker_lost}}] = answers
    assert Enum.count(Envmgr.errors(name), &(&1.path == "probe.kill_me")) == 1
  end

  test "of a function that answers in another's place are inside of those of the first" do
    name =
      start(
        before: {"probe.exit_now", fn call -> {:ok, put_in(call.args, [hd(call.args) + 1])} end},
        before: {"math.sqrt", fn call -> {:ok, put_in(call.args, [hd(call.args) * 4])} end},
        after: {"probe.exit_now", fn _call, value -> {:ok, {:exit, value}} end},
        after: {"math.sqrt", fn _call, value -> {:ok, {:sqrt, value}} end}
      )

    opts = [name: name, fallback: "math.sqrt", batch: 2]
    answers = Envmgr.map("probe.exit_now", [[3], [8]], opts)
    assert answers == [{:ok, {:exit, {:sqrt, 4.0}}}, {:ok, {:exit, {:sqrt, 6.0}}}]
    assert {:ok, {:exit, {:sqrt, 4.0}}} = call(name, "probe.exit_now", [3], fallback: "math.sqrt")
  end

  test "change arguments and results, the first of the list outermost" do
    name = start([Ours])
    # Before: first, second. After: inner, then outer.
    assert {:ok, {:outer, {:inner, [[1, :first, :second]], [1, :first, :second]}}} =
             call(name, "probe.echo", [[1]])

    assert {:ok, {:outer, {:inner, _, [2, :first, :second]}}, %{generation: 1}} =
             call(name, "probe.echo", [[2]], metadata: true)

    assert {:ok, {:outer, _}} = Envmgr.await(Envmgr.async("probe.echo", [[1]], name: name))
    assert {:ok, 5.0} = call(name, "math.hypot", [3, 4])

    # The object stays in its worker: after sees the ref.
    assert {:ok, {:outer, {:inner, _, %Envmgr.Ref{}}}} = call(name, "probe.echo", [[1]], as: :ref)

    # One that meets none has no plan, and is called without looking.
    assert {:ok, 3} = call(name, "math.floor", [3.2])
    assert elem(Catalog.lookup(name, "math.floor"), 12) == nil
  end

  test "refuse, before anything is sent, and name themselves" do
    name = start([Ours])
    assert {:ok, 2.0} = call(name, "math.sqrt", [4])
    assert {:error, error} = call(name, "math.sqrt", [-4], correlation: "c4")

    assert %Error{
             code: :refused,
             class: :policy,
             retry: false,
             message: "no roots of debts",
             step: "hook before Envmgr.HooksTest.Ours.positive/1",
             path: "math.sqrt",
             library: "math",
             environment: "std",
             correlation: "c4",
             arguments: [{"x", "-4"}]
           } = error

    assert Exception.message(error) =~
             "math.sqrt: hook before Envmgr.HooksTest.Ours.positive/1: no roots of debts"

    assert [%{code: :refused, count: 1}] = Envmgr.errors(name)
    assert {:error, %{code: :refused}} = Envmgr.await(Envmgr.async("math.sqrt", [-4], name: name))
  end

  # A case a function, so that one instance does for all.
  @functions ~w(acos asin atan cos sin tan exp floor ceil trunc fabs erf)

  test "say why in a text, an exception, an error; secrets stay out" do
    own = %Error{code: :mine, class: :usage, message: "mine", hint: "do it"}

    cases =
      Enum.zip(@functions, [
        {"because of password=hunter2", :refused, "because of password=[redacted]"},
        {%RuntimeError{message: "raised"}, :refused, "raised"},
        {{:not, :so}, :refused, "{:not, :so}"},
        {own, :mine, "mine"}
      ])

    hooks =
      for {f, {reason, _, _}} <- cases,
          do: {:before, {"math." <> f, fn call -> refuse_unless(call.args == [0], reason) end}}

    later =
      for {f, {why, _, _}} <- cases, do: {:after, {"math." <> f, fn _, _ -> {:error, why} end}}

    name = start(hooks ++ later)

    for {f, {_reason, code, message}} <- cases, {x, kind} <- [{1, "before"}, {0, "after"}] do
      assert {:error, error} = call(name, "math." <> f, [x])
      assert %Error{code: ^code, message: ^message, step: step} = error
      assert step =~ "hook #{kind} #Function<"
    end
  end

  defp refuse_unless(fits?, reason), do: if(fits?, do: :ok, else: {:error, reason})

  test "that fail, or answer what they may not, fail the call; what they make is checked as any" do
    failing = [
      {fn _call -> raise "broken" end, "it failed: ** (RuntimeError) broken"},
      {fn _call -> throw(:away) end, "it failed: ** (throw) :away"},
      {fn _call -> exit(:now) end, "it failed: ** (exit) :now"},
      {fn call -> call end, "it answered %Envmgr.Hooks.Call{"},
      {fn _call -> {:ok, :call} end, "not :ok, {:ok, call} or {:error, reason}"}
    ]

    wrong = [%{args: []}, %{args: :none}, %{args: [1 | 2]}, %{kwargs: %{1 => 2}}, %{kwargs: [1]}]
    wrong = for fields <- wrong, do: fn call -> {:ok, Map.merge(call, fields)} end
    cases = Enum.zip(@functions, failing ++ wrong)

    hooks =
      for {f, hook} <- cases,
          do: {:before, {"math." <> f, if(is_tuple(hook), do: elem(hook, 0), else: hook)}}

    name = start(hooks ++ [after: {"math.sqrt", fn _call, value -> value end}])

    for {f, {_hook, words}} <- cases do
      assert {:error, %Error{code: :hook, class: :policy} = error} = call(name, "math." <> f, [4])
      assert error.message =~ words
    end

    for {f, hook} when is_function(hook) <- cases,
        do: assert({:error, %Error{code: :arguments}} = call(name, "math." <> f, [4]))

    assert {:error, %Error{code: :hook, message: message}} = call(name, "math.sqrt", [4])
    assert message == "it answered 2.0, not {:ok, value} or {:error, reason}"
  end

  test "a call by name, and an alias: what it stands for counts" do
    aliases = %{"pr" => "probe", "pr.same" => "probe.echo"}
    libraries = %{"probe" => Project.library("probe", %{"aliases" => aliases})}
    name = start([before: {"probe.*", {__MODULE__, :alone}}], libraries)

    for path <- ["probe.echo", "pr.echo", "pr.same"],
        do: assert({:ok, ["probe.echo"]} = call(name, path, %{"value" => 1}))

    {:ok, row} = Catalog.fetch(name, "pr.same")
    assert elem(row, 12).hooks == {[0], []}
  end

  test "failed calls meet none after; chains and methods none at all; streams those before" do
    name =
      start(
        before: {"probe.*", fn call -> {:ok, %{call | args: [3]}} end},
        after: {"*", fn _, _ -> {:ok, 0} end}
      )

    assert {:error, %Error{code: :exception}} = call(name, "probe.fail", ["x"])
    assert {:ok, 7} = Envmgr.execute([{:call, "probe.echo", [7]}], [], name: name)
    assert Envmgr.stream("probe.ticks", [9], name: name) |> Enum.to_list() == [0, 1, 2]

    {:ok, ref} = Envmgr.execute([{:call, "probe.echo", [[5]]}], [], name: name, as: :ref)
    assert {:ok, 0} = Envmgr.method(ref, "index", [5])
  end

  test "patterns" do
    for {pattern, yes, no} <- [
          {"*", ~w(a.b m), []},
          {"numpy.*", ~w(numpy.mean numpy.linalg.norm), ~w(numpy numpyx.mean np.numpy.mean)},
          {"numpy.l*.n*", ~w(numpy.linalg.norm), ~w(numpy.mean)},
          {"a.b", ~w(a.b), ~w(aXb a.bc xa.b)}
        ] do
      {:ok, hooks} = Hooks.parse(before: {pattern, fn _ -> :ok end})
      Hooks.register(__MODULE__, hooks)
      for path <- yes, do: assert(Hooks.met(__MODULE__, [path]) == {[0], []})
      for path <- no, do: assert(Hooks.met(__MODULE__, [path]) == nil)
    end

    Hooks.register(__MODULE__, [])
    assert Hooks.met(__MODULE__, ["a"]) == nil
  end

  test "docs/hooks.md runs" do
    import Envmgr.Test.Guide
    [shop] = for {"shop.py", code} <- "hooks.md" |> blocks("python") |> files(), do: code
    said = %{"pipelines" => %{"order" => %{"project" => "data"}}}
    project = project("shop", [{"shop.py", shop}], said)
    [elixir] = blocks("hooks.md", "elixir")
    assert {:error, %Error{message: "there are 1000 orders"}} = run(elixir, project)
    Supervisor.stop(:ets.info(MyApp.Shop, :owner))
  end

  test "options that are wrong are told" do
    error =
      assert_raise ArgumentError, fn ->
        Envmgr.Options.new!(
          project: false,
          hooks: [
            String,
            {:around, 1},
            {:before, {"", fn _ -> :ok end}},
            {:before, {[], fn _ -> :ok end}},
            {:before, {"a", fn -> :ok end}},
            {:after, {"a", {String, :nothing}}}
          ]
        )
      end

    for words <- [
          "hooks: String is no module that uses Envmgr.Hooks",
          "{:around, 1} is neither a module nor",
          ~s("" is no pattern of paths),
          "a hook has at least one pattern",
          "is no function of one argument, nor {module, name} of one",
          "there is no function String.nothing/2"
        ],
        do: assert(error.message =~ words)

    assert_raise ArgumentError, ~r/hooks: :all is no list/, fn ->
      Envmgr.Options.new!(project: false, hooks: :all)
    end
  end

  test "an attribute above what is no hook does not compile" do
    for {code, words} <- [
          {"@before_call \"a\"\ndef f(_, _), do: :ok", "of 1 argument, not above f/2"},
          {"@after_call \"a\"\ndef f(_), do: :ok", "of 2 arguments, not above f/1"},
          {"@before_call \"a\"\ndefp f(_), do: :ok\ndef g, do: f(1)", "a public function"},
          {"def f(_), do: :ok\n@before_call \"a\"",
           "@before_call of Envmgr.HooksTest.Wrong stands above no"}
        ] do
      assert_raise CompileError, ~r/#{Regex.escape(words)}/, fn ->
        Code.compile_string("defmodule Envmgr.HooksTest.Wrong do\nuse Envmgr.Hooks\n#{code}\nend")
      end
    end
  end
end
