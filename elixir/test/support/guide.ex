# The structs of docs/serializers.md, compiled with the others so that the protocol knows them.
guide = Path.expand("../../../docs/serializers.md", __DIR__)
[_, structs] = Regex.run(~r/```elixir\n(.*?)```/s, File.read!(guide))

defmodule Envmgr.Test.Guide do
  @moduledoc false
  @external_resource guide
end

Code.eval_string(structs, [], file: guide)
