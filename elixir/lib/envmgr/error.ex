defmodule Envmgr.Error do
  @moduledoc """
  Why a call has no value.

  | code | class, retry | meaning |
  |---|---|---|
  | `:unknown_library`, `:unknown_function` | usage | the path is in no catalog; `hint` offers near names |
  | `:arguments` | usage | the arguments do not fit the function's signature, or an option is unknown |
  | `:conversion` | conversion | a value has no counterpart on the other side; the message and `details.path` say where in the value; of an argument `details` has the `elixir` term's kind and what `python` would need |
  | `:exception` | by its type | the library raised: `type`, `module`, `mro`, `traceback`, `frames`, `chain`, `group`, `notes` |
  | `:pipeline` | usage or library | a step that the configuration puts around the function refused, or failed; `step` says which |
  | `:refused` | policy | a hook of this VM (`Envmgr.Hooks`) refused the call, or its result; `step` names it |
  | `:hook` | policy | such a hook failed, or answered what it may not |
  | `:cancelled` | usage | the call was ended: by `Envmgr.cancel/1`, or because nobody waits for it any more. Class resource, retry: with the call in whose place it ran |
  | `:timeout` | resource, retry | the deadline passed; a call that had begun was cancelled, or ended with its worker |
  | `:overloaded` | resource, retry | too many calls wait, or as far as is known this one could not be answered before its deadline: it was not sent; `details` has the numbers |
  | `:worker_lost` | library or resource | the worker ended during the call, which may or may not have run; `details` has what is known of its end |
  | `:stale_ref` | usage | the object's worker is gone, or the object was released |
  | `:ref_limit` | resource | the worker holds as many objects as it may |
  | `:session_closed` | usage | the session was closed, by its owner's end too, or has crashed |
  | `:session_expired` | usage | the session rested, or lived, for as long as it may |
  | `:session_limit` | resource | the session has as many variables, bytes of them or objects as it may |
  | `:variable_lost` | resource | the session's variable stayed in a worker that has ended; the message says which and why |
  | `:unresolved` | library | the catalog names the path, the worker does not find it |
  | `:catalog` | library | the library's catalog is damaged; `envmgr sync` writes it again |
  | `:start` | by its type | no worker of the environment starts; the message says why |
  | `:not_ready` | resource, retry | the instance is not running, or is shutting down; or workers end again and again, and none is started for a while (`details.next`, ms) |
  | `:circuit_open` | resource, retry | the library failed too often of late and is left alone for a while; `details.retry_after` says for how many ms |
  | `:rate_limited` | resource, retry | the function was called as often as its `rate` allows; `details.retry_after` as above |
  | `:not_installed` | usage | no environment is installed |
  | `:sync` | usage | the command line could not bring envmgr.toml into force; its own code (`"E-CONFIG"`) and evidence are in `details` |

  `class` is who can mend it: `:usage` (the caller), `:conversion` (the caller too: a value), `:library` (the code or its state), `:resource` (memory, disk, network, a
  limit), `:policy` (whoever grants rights, or wrote the configuration), `:internal` (a bug of Envmgr). `retry` is whether the same call may succeed later: true for what comes
  and goes, such as timeouts, connections and locks.

  `worker` is the process that owned the worker which answered, or ended. Of a call that was tried several times, or whose fallbacks failed, too,
  `details.attempts` has all that was tried, oldest first: maps of `path`, `at`, `took` (ms), `code`, `message`, `environment`, `generation`, `worker`,
  `correlation` and `wait` (ms until the next try, or `nil`).

  Of a call `signature` is that of the function as text, and `arguments` a list of `{name or position, summary}`. A secret, by the name that it is under
  (`password`, `api_key`, …) or by its looks (a token, a URL with a password), is `"[redacted]"` there and in all texts.

  `Exception.message/1` gives all of it in words; `message` alone is what happened.
  """

  @derive {Inspect,
           except: [:traceback, :frames, :mro],
           optional:
             ~w(hint class retry library path type module environment generation version correlation)a ++
               ~w(worker step signature arguments notes chain group details)a}

  defexception [
    :code,
    :message,
    :hint,
    :class,
    :library,
    :path,
    :type,
    :module,
    :traceback,
    :environment,
    :generation,
    :version,
    :correlation,
    :worker,
    :step,
    :signature,
    :group,
    retry: false,
    arguments: [],
    notes: [],
    mro: [],
    chain: [],
    frames: [],
    details: %{}
  ]

  @typedoc "File, line, function, source line; outermost first."
  @type frame :: {String.t(), non_neg_integer() | nil, String.t(), String.t() | nil}

  @typedoc "An exception that led to another one, or is in a group of them."
  @type other :: %{
          required(:type) => String.t() | nil,
          required(:module) => String.t() | nil,
          required(:message) => String.t(),
          required(:notes) => [String.t()],
          required(:frames) => [frame()],
          optional(:group) => [other()]
        }

  @type class :: :usage | :conversion | :library | :resource | :policy | :internal

  @type t :: %__MODULE__{
          code: atom(),
          message: String.t(),
          hint: String.t() | nil,
          class: class() | nil,
          retry: boolean(),
          library: String.t() | nil,
          path: String.t() | nil,
          type: String.t() | nil,
          module: String.t() | nil,
          mro: [String.t()],
          notes: [String.t()],
          chain: [{:cause | :context, other()}],
          group: [other()] | nil,
          traceback: String.t() | nil,
          frames: [frame()],
          signature: String.t() | nil,
          arguments: [{String.t() | non_neg_integer(), String.t()}],
          step: String.t() | nil,
          environment: String.t() | nil,
          generation: pos_integer() | nil,
          version: String.t() | nil,
          correlation: String.t() | nil,
          worker: pid() | nil,
          details: map()
        }

  @by_code %{
    unknown_library: {:usage, false},
    unknown_function: {:usage, false},
    arguments: {:usage, false},
    conversion: {:conversion, false},
    exception: {:library, false},
    pipeline: {:usage, false},
    refused: {:policy, false},
    hook: {:policy, false},
    cancelled: {:usage, false},
    timeout: {:resource, true},
    overloaded: {:resource, true},
    worker_lost: {:library, false},
    stale_ref: {:usage, false},
    ref_limit: {:resource, false},
    session_closed: {:usage, false},
    session_expired: {:usage, false},
    session_limit: {:resource, false},
    variable_lost: {:resource, false},
    unresolved: {:library, false},
    catalog: {:library, false},
    start: {:library, false},
    not_ready: {:resource, true},
    circuit_open: {:resource, true},
    rate_limited: {:resource, true},
    not_installed: {:usage, false},
    sync: {:usage, false}
  }

  @doc false
  # An error that was made without a class gets that of its code, and whether a retry makes sense.
  @spec classified(t()) :: t()
  def classified(%__MODULE__{class: nil} = error) do
    {class, retry} = Map.get(@by_code, error.code, {:internal, false})
    %{error | class: class, retry: error.retry or retry}
  end

  def classified(error), do: error

  @doc false
  def codes, do: Map.keys(@by_code)

  # Characters of a signature, of an argument, and of a line of the rest.
  @line 160
  @most_lines 8

  @impl true
  def message(%__MODULE__{} = error) do
    [headline(error), hint(error), error |> where() |> paragraph()]
    |> Enum.reject(&is_nil/1)
    |> Enum.join("\n\n")
  end

  defp headline(error) do
    subject = if error.path, do: "#{error.path}: ", else: ""
    step = if error.step, do: "#{error.step}: ", else: ""
    type = if error.type, do: "#{error.type}: ", else: ""
    "#{subject}#{step}#{type}#{error.message}"
  end

  defp hint(%{hint: nil}), do: nil
  defp hint(%{hint: hint}), do: "hint: #{hint}"

  defp paragraph([]), do: nil
  defp paragraph(lines), do: Enum.join(lines, "\n")

  defp where(error) do
    called(error) ++
      lines("note", error.notes) ++
      members(error.group) ++ chain(error.chain) ++ attempts(error.details[:attempts])
  end

  # Errors in names and numbers of arguments have the signature in their hint.
  defp called(%{arguments: []}), do: []

  defp called(error) do
    arguments =
      Enum.map_join(error.arguments, ", ", fn {name, summary} -> "#{name} = #{short(summary)}" end)

    signature = if error.signature, do: ["signature: #{short(error.signature)}"], else: []
    signature ++ ["called with: #{short(arguments, 2 * @line)}"]
  end

  defp members(nil), do: []
  defp members(group), do: lines("with", Enum.map(group, &one/1))

  defp chain(chain) do
    chain
    |> Enum.map(fn
      {:cause, other} -> "caused by #{one(other)}"
      {_context, other} -> "while handling #{one(other)}"
    end)
    |> some()
  end

  defp one(other), do: "#{other.type}: #{short(other.message)}"

  defp attempts(nil), do: []

  defp attempts(attempts) do
    attempts
    |> Enum.map(fn one ->
      place =
        if one.worker, do: "#{one.environment}, #{inspect(one.worker)}", else: one.environment

      place = if place, do: " in #{place}", else: ""
      at = one.at |> DateTime.to_time() |> Time.to_iso8601()
      wait = if one.wait, do: ", again after #{one.wait} ms", else: ""

      short("tried #{at} #{one.path}#{place}: #{inspect(one.code)}: #{one.message}", 2 * @line) <>
        wait
    end)
    |> some()
  end

  defp lines(word, texts), do: texts |> Enum.map(&"#{word}: #{short(&1)}") |> some()

  defp some(lines) do
    case Enum.split(lines, @most_lines) do
      {lines, []} -> lines
      {lines, rest} -> lines ++ ["… #{length(rest)} more"]
    end
  end

  defp short(text, most \\ @line) do
    text = text |> String.split("\n", parts: 2) |> hd()
    if String.length(text) > most, do: String.slice(text, 0, most) <> "…", else: text
  end
end
