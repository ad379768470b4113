# mix run --no-start bench/catalogs.exs CATALOG ROUNDS: seconds of each round, as one line of JSON for each measurement.
alias Envmgr.Libraries.{CatalogFile, Filters, Search}

[path, rounds] = System.argv()
rounds = String.to_integer(rounds)

seconds = fn work ->
  started = System.monotonic_time(:nanosecond)
  work.()
  (System.monotonic_time(:nanosecond) - started) / 1.0e9
end

# A pool answers a path when its file is open and the first row is decoded.
load = fn ->
  {:ok, file} = CatalogFile.open(path)
  {:ok, number} = CatalogFile.find(file, "DataFrame.head")
  {:ok, _row} = CatalogFile.row(file, CatalogFile.object(file, number))
  file
end

file = load.()

search = fn ->
  [_ | _] = Search.run([{"pandas", file}], "rolling avreage window", %Filters{}, 20)
end

search.()

for {name, work} <- [load: load, search: search] do
  times = for _ <- 1..rounds, do: seconds.(work)
  IO.puts(~s({"name": "#{name}", "seconds": [#{Enum.map_join(times, ", ", &Float.to_string/1)}]}))
end
