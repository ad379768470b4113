defmodule Envmgr.Libraries do
  # The room of launch manifests and catalogs: what is installed, and what may be called (docs/protocol.md, section 1).
  # Imports values and wire.
  #
  # One ETS table per instance, named like it and owned by the instance's supervisor, so that it outlives every writer:
  #
  #   {path, library, environment, timeout, least, most, …}                 a path that was called, by Envmgr.Libraries.Row
  #   {{:library, name}, environment, epoch, facts}                         a library
  #   {{:catalog, library}, environment, epoch, timeout, file}              its catalog
  #   {{:shape, path, …}, environment, epoch, shape}                        what a kind of call asks, by Envmgr.Libraries.Shape
  #   {{:alias, name}, environment, epoch, target}                          another name of a path
  #   {{:route, environment}, generation, workers, pool}                    written by Envmgr.Pool.Route
  #   {{:environment, name}, facts, pool}                                   written by the environment's pool
  #   {{:calls, path}, counters, library, since}                            who calls what, by Envmgr.Libraries.Usage
  #   {:usage, project, id, records}                                        and who did before, by Envmgr.Libraries.Usage.Keeper
  #   {{:state, library}, environment, source, facts}, {{:broken, environment}, error}   by Envmgr.Libraries.State
  #   {:unloaded, libraries}                                                written by the manager
  #   {:manager, pid}                                                       whom to ask for a look at the manifests
  #   {:reload, pid}, {:configuration, facts}                               written by Envmgr.Reload.Server
  @moduledoc false
end
