defmodule Envmgr.Calls.Refused do
  # Why a call was not sent: its pool has too much to do, does not serve its library, or is none.
  @moduledoc false

  alias Envmgr.{Error, Near, Ref, Telemetry}
  alias Envmgr.Calls.{Outcome, Request}
  alias Envmgr.Pool.{Admission, Pools, Route}

  @spec overloaded(Request.t(), Admission.refusal()) :: {:error, Error.t()}
  def overloaded(request, why) do
    pool = Pools.name(request.pool)

    Telemetry.execute([:pool, :overloaded], %{waiting: why[:waiting] || why[:ahead]}, %{
      instance: request.name,
      environment: request.environment,
      pool: pool,
      path: request.path
    })

    {message, hint} = Pools.overloaded(pool, why)

    Outcome.error(request,
      code: :overloaded,
      message: message,
      hint: hint,
      details: Map.put(why, :pool, pool)
    )
  end

  @doc "The pool has not the call's library."
  @spec elsewhere(Request.t()) :: {:error, Error.t()}
  def elsewhere(request) do
    pool = Pools.name(request.pool)
    serving = Pools.serving(request.name, request.environment, request.library)

    Outcome.error(request,
      code: :arguments,
      message: "the pool #{pool} does not serve #{request.library}",
      hint: hint(serving),
      details: %{pool: pool, pools: serving}
    )
  end

  defp hint([]), do: "no pool does: see the libraries of its pools in envmgr.toml"
  defp hint([pool | _] = pools), do: "#{Enum.join(pools, ", ")} does: pass pool: #{inspect(pool)}"

  @doc "An object is asked for that could not stay: the pool's workers end with their call."
  @spec unkept(Request.t()) :: {:error, Error.t()}
  def unkept(request) do
    pool = Pools.name(request.pool)

    Outcome.error(request,
      code: :arguments,
      message:
        "the pool #{pool} has a worker for every call, which ends with it: no object can stay there",
      hint:
        "ask for the value (without as: :ref), or pass pool: of one whose worker-profile in envmgr.toml is \"process\" or \"thread\"",
      details: %{pool: pool}
    )
  end

  @doc "Whether the object is in a worker of another environment, or of another instance. One that is gone is stale."
  @spec foreign?(Request.t(), Ref.t()) :: boolean()
  def foreign?(%{name: name, environment: environment}, %Ref{name: name} = ref),
    do: ref.environment != environment and Route.pool(name, ref.owner) != nil

  def foreign?(_request, ref), do: ref.generation != 0

  @doc "An argument is such an object. `place`: where in the arguments it stands."
  @spec foreign(Request.t(), Ref.t(), String.t()) :: {:error, Error.t()}
  def foreign(request, ref, place) do
    {theirs, ours, way} = apart(request, ref)

    Outcome.error(request,
      code: :arguments,
      message:
        "#{place}: the #{ref.type} is an object of #{theirs}, and #{request.path} runs in #{ours}",
      hint: way,
      details: %{path: place, of: ref.environment}
    )
  end

  defp apart(%{name: name} = request, %Ref{name: name} = ref) do
    {"environment #{ref.environment}", "environment #{request.environment}",
     "pass its value, where that can be sent (a call answers it without `as: :ref`); or have #{ref.library} and #{request.library} " <>
       "share an environment: `environment` of a library in envmgr.toml"}
  end

  defp apart(request, ref) do
    {"the instance #{inspect(ref.name)}", "the instance #{inspect(request.name)}",
     "make the call with `name: #{inspect(ref.name)}`, or pass the object's value"}
  end

  @doc "There is no such pool, or none at all."
  @spec nowhere(Request.t()) :: {:error, Error.t()}
  def nowhere(request) do
    case Pools.names(request.name, request.environment) do
      [] ->
        Outcome.gone(request)

      pools ->
        near = Near.hint(Pools.name(request.pool), pools)

        Outcome.error(request,
          code: :arguments,
          message:
            "environment #{request.environment} has no pool #{inspect(Pools.name(request.pool))}",
          hint: "#{if near, do: near <> " "}its pools are #{Enum.join(pools, ", ")}",
          details: %{pools: pools}
        )
    end
  end
end
