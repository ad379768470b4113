# Frames that nobody wrote, at the decoder: random bytes, and values that were cut, changed and put together anew.
#
#     MIX_ENV=test mix run --no-start test/fuzz/decode.exs [CASES] [SEED]
#
# Ends with status 1 when a case crashes, takes more than a second, makes an atom, or leaves memory behind.

{cases, seed} =
  case Enum.map(System.argv(), &String.to_integer/1) do
    [] -> {1_000_000, 1}
    [cases] -> {cases, 1}
    [cases, seed] -> {cases, seed}
  end

case Envmgr.Test.Fuzz.run(cases, seed) do
  {:ok, counts} ->
    IO.puts("#{cases} cases, seed #{seed}: #{counts.ok} values, #{counts.error} errors")

  {:error, reason, data} ->
    IO.puts(:stderr, "error: #{reason}\n\nthe frame: #{Base.encode16(data)}")
    System.halt(1)
end
