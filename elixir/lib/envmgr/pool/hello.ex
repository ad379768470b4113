defmodule Envmgr.Pool.Hello do
  # The first message in each direction (docs/protocol.md, section 3).
  @moduledoc false

  alias Envmgr.{Bytes, Options, Wire}
  alias Envmgr.Libraries.Manifest
  alias Envmgr.Pool.Lane
  alias Envmgr.Values.{Decoder, Encoder}
  alias Envmgr.Wire.Messages

  @doc """
  What a worker is to load and to know. `crash`: the file for Python's frames when a signal ends it; `more`: what is for this
  one alone.
  """
  @spec settings(Manifest.t(), Options.t(), Lane.t() | nil, String.t() | nil, map()) :: iodata()
  def settings(manifest, options, lane, crash, more \\ %{}) do
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
      "compression" => manifest.compression,
      "crash" => crash
    }

    {:ok, data} = Encoder.encode(Map.merge(settings, more))
    Messages.hello(data)
  end

  @typedoc """
  What the worker is: its process, whether it met the second lane, and the signal that makes it look for a cancellation; of a
  zygote, whether it forks, or why not.
  """
  @type facts :: %{
          pid: pos_integer() | nil,
          lane?: boolean(),
          interrupt: pos_integer() | nil,
          fork: true | String.t() | nil
        }

  @doc "What the worker is; why its hello is none that we understand, and what to do."
  @spec read(binary()) :: {:ok, facts()} | {:error, why :: String.t(), hint :: String.t() | nil}
  def read(facts) do
    version = Wire.protocol()

    case Decoder.decode(facts) do
      {:ok, %{"protocol" => ^version} = facts} ->
        pid = if is_integer(facts["pid"]), do: facts["pid"]

        {:ok,
         %{
           pid: pid,
           lane?: facts["lane"] == true,
           interrupt: facts["interrupt"],
           fork: facts["fork"]
         }}

      {:ok, %{"protocol" => other}} when is_integer(other) ->
        why = "the worker speaks protocol #{other}, this VM protocol #{version}"
        {:error, why, "the environment was built by another version of envmgr: run `envmgr sync`"}

      _other ->
        {:error, "the worker's hello cannot be read", nil}
    end
  end

  # One a store entry: what runs in one environment cannot sign pickles for another.
  defp secret(nil, _options), do: nil
  defp secret(key, options), do: %Bytes{data: :crypto.mac(:hmac, :sha256, options.secret.(), key)}
end
