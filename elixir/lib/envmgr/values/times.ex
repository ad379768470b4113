defmodule Envmgr.Values.Times do
  # Dates and times as the numbers that are on the wire, and back (docs/types.md, "Times"). Structs are built here and not by
  # `DateTime`, which would ask a time zone database for what Python has told.
  @moduledoc false

  alias Envmgr.{ZonedDateTime, ZonedTime}
  alias Envmgr.Values.Refusal

  @epoch :calendar.date_to_gregorian_days({1970, 1, 1})
  @first :calendar.date_to_gregorian_days({1, 1, 1}) - @epoch
  @last :calendar.date_to_gregorian_days({9999, 12, 31}) - @epoch
  @second 1_000_000
  @day 86_400 * @second
  @utc "Etc/UTC"

  defguardp is_fold(fold) when fold in 0..1
  defguardp is_offset(offset) when is_integer(offset) and offset > -@day and offset < @day

  # To Elixir. nil is a malformed value.

  @spec date(integer()) :: Date.t() | nil
  def date(days) when days in @first..@last do
    {year, month, day} = :calendar.gregorian_days_to_date(days + @epoch)
    %Date{year: year, month: month, day: day}
  end

  def date(_days), do: nil

  @spec time(list()) :: Time.t() | ZonedTime.t() | nil
  def time([us, 0, nil, nil]), do: clock(us)

  def time([us, fold, offset, zone])
      when is_fold(fold) and (offset == nil or is_offset(offset)) and
             (zone == nil or is_binary(zone)) do
    if time = clock(us), do: %ZonedTime{time: time, fold: fold, offset: offset, zone: zone}
  end

  def time(_malformed), do: nil

  @spec naive(integer(), 0 | 1) :: NaiveDateTime.t() | ZonedDateTime.t() | nil
  def naive(us, fold \\ 0)

  def naive(us, 0) do
    with %Date{} = date <- date(Integer.floor_div(us, @day)) do
      time = clock(Integer.mod(us, @day))

      %NaiveDateTime{
        year: date.year,
        month: date.month,
        day: date.day,
        hour: time.hour,
        minute: time.minute,
        second: time.second,
        microsecond: time.microsecond
      }
    end
  end

  def naive(us, 1) do
    if naive = naive(us), do: %ZonedDateTime{naive: naive, fold: 1}
  end

  def naive(_us, _fold), do: nil

  @spec aware(list()) :: DateTime.t() | ZonedDateTime.t() | nil
  def aware([us, offset, dst, zone, abbr, fold])
      when is_integer(us) and is_offset(offset) and is_offset(dst) and is_fold(fold) and
             (zone == nil or is_binary(zone)) and (abbr == nil or is_binary(abbr)) do
    naive = naive(us)

    cond do
      naive == nil ->
        nil

      is_binary(abbr) and rem(offset, @second) == 0 and rem(dst, @second) == 0 and fold == 0 ->
        date_time(naive, div(offset, @second), div(dst, @second), zone, abbr)

      true ->
        %ZonedDateTime{
          naive: naive,
          fold: fold,
          offset: offset,
          dst: dst,
          zone: zone,
          abbr: abbr
        }
    end
  end

  def aware(_malformed), do: nil

  defp date_time(naive, offset, dst, zone, abbr) do
    %DateTime{
      year: naive.year,
      month: naive.month,
      day: naive.day,
      hour: naive.hour,
      minute: naive.minute,
      second: naive.second,
      microsecond: naive.microsecond,
      utc_offset: offset - dst,
      std_offset: dst,
      time_zone: zone || if(offset == 0 and abbr == "UTC", do: @utc, else: fixed(offset)),
      zone_abbr: abbr
    }
  end

  defp clock(us) when us in 0..(@day - 1) do
    seconds = div(us, @second)
    micro = rem(us, @second)

    %Time{
      hour: div(seconds, 3600),
      minute: seconds |> div(60) |> rem(60),
      second: rem(seconds, 60),
      microsecond: {micro, if(micro == 0, do: 0, else: 6)}
    }
  end

  defp clock(_us), do: nil

  # To the wire.

  @spec days(Date.t()) :: integer()
  def days(%Date{} = date), do: days(date, "a Date", "a datetime.date")

  @spec time_parts(Time.t() | ZonedTime.t()) :: list()
  def time_parts(%Time{} = time), do: [clock_of(time, "a Time", "a datetime.time"), 0, nil, nil]

  def time_parts(%ZonedTime{time: %Time{} = time, fold: fold, offset: offset, zone: zone})
      when is_fold(fold) and (offset == nil or is_offset(offset)) and
             (zone == nil or is_binary(zone)),
      do: [clock_of(time, "an Envmgr.ZonedTime", "a datetime.time"), fold, offset, zone]

  def time_parts(%ZonedTime{}),
    do: Refusal.refuse("an Envmgr.ZonedTime", "a datetime.time", "its parts are malformed")

  @spec microseconds(NaiveDateTime.t()) :: integer()
  def microseconds(%NaiveDateTime{} = naive), do: microseconds(naive, "a NaiveDateTime")

  @spec aware_parts(DateTime.t() | ZonedDateTime.t()) :: list()
  def aware_parts(%DateTime{utc_offset: utc, std_offset: std} = time)
      when is_offset((utc + std) * @second) and is_offset(std * @second) and
             is_binary(time.time_zone) and is_binary(time.zone_abbr) do
    zone = if time.time_zone == fixed(utc + std), do: nil, else: time.time_zone

    [
      microseconds(time, "a DateTime"),
      (utc + std) * @second,
      std * @second,
      zone,
      time.zone_abbr,
      0
    ]
  end

  def aware_parts(%DateTime{}) do
    Refusal.refuse("a DateTime", "a datetime.datetime", "its parts are malformed",
      hint: "its offsets are seconds, less than a day"
    )
  end

  def aware_parts(%ZonedDateTime{
        naive: %NaiveDateTime{} = naive,
        fold: fold,
        offset: offset,
        dst: dst,
        zone: zone,
        abbr: abbr
      })
      when is_offset(offset) and is_offset(dst) and is_fold(fold) and
             (zone == nil or is_binary(zone)) and (abbr == nil or is_binary(abbr)),
      do: [microseconds(naive, "an Envmgr.ZonedDateTime"), offset, dst, zone, abbr, fold]

  def aware_parts(%ZonedDateTime{}) do
    Refusal.refuse("an Envmgr.ZonedDateTime", "a datetime.datetime", "its parts are malformed",
      hint: "offset and dst are microseconds, less than a day"
    )
  end

  @doc "The moment that an aware time names, in microseconds since 1970."
  @spec instant(DateTime.t()) :: integer()
  def instant(%DateTime{} = time),
    do: microseconds(time, "a DateTime") - (time.utc_offset + time.std_offset) * @second

  defp microseconds(time, elixir) do
    python = "a datetime.datetime"
    days(time, elixir, python) * @day + clock_of(time, elixir, python)
  end

  defp days(%{calendar: Calendar.ISO, year: year, month: month, day: day}, elixir, python)
       when year in 1..9999 do
    if :calendar.valid_date(year, month, day),
      do: :calendar.date_to_gregorian_days(year, month, day) - @epoch,
      else: Refusal.refuse(elixir, python, "there is no day #{year}-#{month}-#{day}")
  end

  defp days(%{calendar: Calendar.ISO, year: year}, elixir, python),
    do:
      Refusal.refuse(elixir, python, "the year #{Refusal.show(year)} is outside Python's 1..9999")

  defp days(other, elixir, python), do: foreign(other, elixir, python)

  defp clock_of(%{calendar: Calendar.ISO, microsecond: {us, _}} = time, _elixir, _python)
       when time.hour in 0..23 and time.minute in 0..59 and time.second in 0..59 and
              us in 0..999_999,
       do: ((time.hour * 60 + time.minute) * 60 + time.second) * @second + us

  defp clock_of(%{calendar: Calendar.ISO}, elixir, python),
    do: Refusal.refuse(elixir, python, "it is no time between 00:00:00 and 23:59:59.999999")

  defp clock_of(other, elixir, python), do: foreign(other, elixir, python)

  defp foreign(%module{} = other, elixir, python) do
    reason = "its calendar is #{Refusal.show(other.calendar)}, and Python has Calendar.ISO alone"

    Refusal.refuse(elixir, python, reason,
      hint: "#{inspect(module)}.convert!(value, Calendar.ISO)"
    )
  end

  # The name of a fixed offset, as Python's `timezone` names one without a name.
  defp fixed(offset) do
    sign = if offset < 0, do: "-", else: "+"
    clock = offset |> abs() |> Time.from_seconds_after_midnight()
    text = Time.to_iso8601(clock)
    "UTC" <> sign <> if(clock.second == 0, do: binary_part(text, 0, 5), else: text)
  end
end
