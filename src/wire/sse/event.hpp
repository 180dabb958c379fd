// Server-sent events (HTML Living Standard, 9.2.5 and 9.2.6): text in UTF-8, in blocks of lines.
//
//   stream  := [BOM] *( block | comment )
//   block   := *field end                          an event, if it has data
//   field   := name [":" [" "] value] end          event, data (repeated: lines), id, retry; others are
//   ignored comment := ":" any end end     := CR LF | CR | LF
//
// Thread rule: `append` is pure; a decoder has one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace togglecast::wire::sse {

/// One event to send.
struct Event {
  std::string_view name{};  ///< empty: `message`
  std::string_view data{};  ///< may have several lines; empty: nothing happens at the receiver but for `id`
  std::optional<std::string_view> id{};  ///< what `Last-Event-ID` says from then on
  std::optional<std::uint32_t> retry{};  ///< milliseconds until the receiver comes back
};

/// Whether this may be the name or the id of an event: it has no line end and no NUL.
[[nodiscard]] bool is_one_line(std::string_view text) noexcept;

/// Appends the event. `name` and `id` must be one line.
void append(std::string& out, const Event& event);
/// The same without the empty line at its end: fields may follow, such as `id`.
void append_open(std::string& out, const Event& event);
/// Appends `id`, and ends the event.
void append_id(std::string& out, std::string_view id);
/// Ends an event that `append_open` began.
inline constexpr std::string_view kEnd = "\n";
/// A comment: nothing happens at the receiver.
inline constexpr std::string_view kComment = ":\n\n";

/// One event as it was received.
struct Received {
  std::string name;  ///< `message`, unless the event has one
  std::string data;
  std::string id;  ///< the last one of the stream so far
};

/// Reads a stream, however it is cut. Holds at most `longest` bytes of one event.
class Decoder {
 public:
  explicit Decoder(std::size_t longest = 16 * 1'024 * 1'024) : longest_(longest) {}

  /// Calls `use` for each event that is complete. False when an event is too long: then the decoder reads no
  /// more.
  [[nodiscard]] bool feed(std::string_view bytes, const std::function<void(const Received&)>& use);
  /// The last id that was received, also one without data.
  [[nodiscard]] const std::string& last_id() const noexcept { return last_id_; }
  /// The last `retry`.
  [[nodiscard]] std::optional<std::uint32_t> retry() const noexcept { return retry_; }

 private:
  void read_line(const std::function<void(const Received&)>& use);
  void read_field(std::string_view name, std::string_view value);

  std::size_t longest_;
  std::string line_;
  Received event_;
  bool has_data_ = false;
  std::string last_id_;
  std::optional<std::uint32_t> retry_;
  bool began_ = false;         // the first line has been read
  bool after_return_ = false;  // a line feed now belongs to the end before
  bool overflowed_ = false;
};

}  // namespace togglecast::wire::sse
