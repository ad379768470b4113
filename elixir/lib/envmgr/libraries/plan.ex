defmodule Envmgr.Libraries.Plan do
  # What envmgr.toml says of a function's calls beside their deadline, and which hooks of this VM they meet. Read when the function is first called, kept in its row;
  # nil for a function of which nothing is said.
  @moduledoc false

  alias Envmgr.Libraries.Hooks

  @all "*"

  defstruct [
              :cache,
              :limits,
              :hedge,
              :circuit,
              :hooks,
              retries: 0,
              backoff: nil,
              idempotent?: false
            ] ++
              [fallbacks: [], scripted?: false]

  @typedoc "Times in ms. `retries` of what may not be run twice are for errors with which it cannot have run. `rate`: calls, and in how many ms. `circuit`: of the library, not of the function. `scripted?`: a test may answer."
  @type t :: %__MODULE__{
          cache:
            %{
              ttl: pos_integer() | nil,
              entries: pos_integer() | nil,
              bytes: pos_integer() | nil,
              tags: [String.t()]
            }
            | nil,
          limits:
            %{
              concurrency: pos_integer() | nil,
              rate: {pos_integer(), per :: pos_integer()} | nil
            }
            | nil,
          retries: non_neg_integer(),
          backoff: pos_integer() | nil,
          idempotent?: boolean(),
          hedge: pos_integer() | nil,
          fallbacks: [String.t()],
          scripted?: boolean(),
          circuit:
            %{failures: pos_integer(), within: pos_integer(), open: pos_integer()}
            | nil,
          hooks: Hooks.met() | nil
        }

  @doc """
  The plan of a function, from its library's facts in the launch manifest (docs/protocol.md, section 1). `path` is relative to
  the library.
  """
  @spec of(map(), String.t()) :: t() | nil
  def of(%{cache: cache, limits: limits, recovery: recovery}, _path)
      when cache == %{} and limits == %{} and recovery == %{},
      do: nil

  def of(%{cache: cache, limits: limits, recovery: recovery}, path) do
    idempotent = recovery["idempotent"] || []
    idempotent? = path in idempotent or @all in idempotent

    plan = %__MODULE__{
      cache: cache |> said(path) |> cache(),
      limits: limits |> said(path) |> limits(),
      retries: if(idempotent?, do: recovery["retries"] || 0, else: 0),
      backoff: recovery["backoff"],
      idempotent?: idempotent?,
      hedge: said(recovery["hedge"] || %{}, path),
      fallbacks: said(recovery["fallbacks"] || %{}, path) || [],
      circuit: circuit(recovery["circuit"])
    }

    if %{plan | backoff: nil} == %__MODULE__{}, do: nil, else: plan
  end

  @doc "The plan, with the hooks of this VM that the function meets."
  @spec with_hooks(t() | nil, Hooks.met() | nil) :: t() | nil
  def with_hooks(plan, nil), do: plan
  def with_hooks(plan, hooks), do: %{(plan || %__MODULE__{}) | hooks: hooks}

  defp said(settings, path), do: settings[path] || settings[@all]

  defp cache(nil), do: nil

  defp cache(said) do
    %{ttl: said["ttl"], entries: said["entries"], bytes: said["bytes"], tags: said["tags"] || []}
  end

  defp limits(nil), do: nil

  defp limits(said) do
    rate = with [calls, per] <- said["rate"], do: {calls, per}
    %{concurrency: said["concurrency"], rate: rate}
  end

  defp circuit(nil), do: nil

  defp circuit(said),
    do: %{failures: said["failures"], within: said["within"], open: said["open"]}
end
