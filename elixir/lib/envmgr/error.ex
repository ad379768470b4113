defmodule Envmgr.Error do
  @moduledoc """
  Why a call has no value.

  | code | meaning |
  |---|---|
  | `:unknown_library`, `:unknown_function` | the path is in no catalog; `hint` offers near names |
  | `:arguments` | the arguments do not fit the function's signature, or an option is unknown |
  | `:conversion` | a value has no counterpart on the other side; the message and `details.path` say where in the value; of an argument `details` has the `elixir` term's kind and what `python` would need |
  | `:exception` | the library raised: `type`, `module`, `traceback`, `frames` |
  | `:timeout` | the deadline passed; a call that had begun was ended with its worker |
  | `:worker_lost` | the worker ended during the call, which may or may not have run |
  | `:stale_ref` | the object's worker is gone |
  | `:ref_limit` | the worker holds as many objects as it may |
  | `:unresolved` | the catalog names the path, the worker does not find it |
  | `:start` | no worker of the environment starts; the message says why |
  | `:not_ready` | the instance is not running, or is shutting down |
  | `:not_installed` | no environment is installed |
  | `:sync` | the command line could not bring envmgr.toml into force; its own code (`"E-CONFIG"`) and evidence are in `details` |

  `Exception.message/1` gives all of it in words; `message` alone is what happened.
  """

  defexception [
    :code,
    :message,
    :hint,
    :library,
    :path,
    :type,
    :module,
    :traceback,
    :environment,
    :generation,
    :step,
    :correlation,
    frames: [],
    details: %{}
  ]

  @type frame :: {String.t(), non_neg_integer() | nil, String.t(), String.t() | nil}

  @type t :: %__MODULE__{
          code: atom(),
          message: String.t(),
          hint: String.t() | nil,
          library: String.t() | nil,
          path: String.t() | nil,
          type: String.t() | nil,
          module: String.t() | nil,
          traceback: String.t() | nil,
          frames: [frame()],
          environment: String.t() | nil,
          generation: pos_integer() | nil,
          details: map()
        }

  @impl true
  def message(%__MODULE__{} = error) do
    subject = if error.path, do: "#{error.path}: ", else: ""
    type = if error.type, do: "#{error.type}: ", else: ""
    hint = if error.hint, do: "\n\nhint: #{error.hint}", else: ""
    "#{subject}#{type}#{error.message}#{hint}"
  end
end
