defmodule Envmgr.Pool.Hello do
  # The first message in each direction (docs/protocol.md, section 3).
  @moduledoc false

  alias Envmgr.{Bytes, Options, Wire}
  alias Envmgr.Libraries.Manifest
  alias Envmgr.Pool.Lane
  alias Envmgr.Values.{Decoder, Encoder}
  alias Envmgr.Wire.Messages

  @doc "What a worker is to load and to know."
  @spec settings(Manifest.t(), Options.t(), Lane.t() | nil) :: iodata()
  def settings(manifest, options, lane) do
    libraries =
      Map.new(manifest.libraries, fn {name, library} ->
        settings = %{
          "hooks" => library.hooks,
          "pipelines" => library.pipelines,
          "version" => library.version
        }

        {name, [library.module, library.init, library.serializers, settings]}
      end)

    settings = %{
      "protocol" => Wire.protocol(),
      "lease" => manifest.lease,
      "environment" => manifest.key,
      "secret" => secret(manifest.key, options),
      "libraries" => libraries,
      "lane" => lane && lane.directory,
      "compression" => manifest.compression
    }

    {:ok, data} = Encoder.encode(settings)
    Messages.hello(data)
  end

  @doc "Whether the worker met the second lane; why its hello is none that we understand."
  @spec read(binary()) :: {:ok, lane? :: boolean()} | {:error, String.t()}
  def read(facts) do
    version = Wire.protocol()

    case Decoder.decode(facts) do
      {:ok, %{"protocol" => ^version} = facts} -> {:ok, facts["lane"] == true}
      _other -> {:error, "the worker does not speak protocol #{version}"}
    end
  end

  # One a store entry: what runs in one environment cannot sign pickles for another.
  defp secret(nil, _options), do: nil
  defp secret(key, options), do: %Bytes{data: :crypto.mac(:hmac, :sha256, options.secret.(), key)}
end
