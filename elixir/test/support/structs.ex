defmodule Sample do
  # Structs of a user, with and without a way to Python.
  @moduledoc false

  defmodule Bare do
    @moduledoc false
    defstruct [:x]
  end

  defmodule Only do
    @moduledoc false
    @derive {Envmgr.Encoder, only: [:x, :y]}
    defstruct [:x, :y, :secret]
  end

  defmodule Except do
    @moduledoc false
    @derive {Envmgr.Encoder, except: [:secret]}
    defstruct [:x, :secret]
  end

  defmodule All do
    @moduledoc false
    @derive Envmgr.Encoder
    defstruct [:x, :inner]
  end

  defmodule Point do
    @moduledoc false
    @derive {Envmgr.Encoder, type: "m.P"}
    defstruct [:x, :y]
  end

  defmodule Size do
    @moduledoc false
    @derive {Envmgr.Encoder, type: "m.S", kind: :namedtuple, only: [:y, :x]}
    defstruct [:x, :y]
  end

  defmodule Money do
    @moduledoc false
    @derive {Envmgr.Encoder, type: "m.M", serializer: "money"}
    defstruct [:amount, :currency]
  end

  defmodule Own do
    @moduledoc false
    defstruct [:run]

    defimpl Envmgr.Encoder do
      def encode(own), do: own.run.(own)
    end
  end
end
