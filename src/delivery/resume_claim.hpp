// How a client that comes back says where it was, and what of it is believed. Nothing is stored for a
// session: all is in two texts that the client keeps, so any node can resume it, also after a restart.
//
//   pid     22 characters of base64url, 16 bytes: base and salt (72 bits), then a keyed digest (56 bits)
//             base    53 bits: the highest of the revision that the session started from and the one that the
//                     client presented then
//             salt    19 bits: tells sessions with an equal base apart
//             digest  HMAC-SHA-256 of base, salt and the view: whose it is, and with which context
//   offset  `epoch.revision.chain` behind an event that many receive, `epoch.revision.chain.tag` behind one
//           that this session alone received; the tag is a keyed digest of the pid
//
// A client has what its offset names when the pid is of the view that it has now, and the offset is of that
// session: it has the session's tag, or it has none and came after the session's start. So a connection that
// is cut between the answer to CONNECT and the full state can never be mistaken for one that has the state.
// Neither text is authority: what a connection may see follows from its token. Thread rule: immutable; used
// from any thread. Contract: docs/protocol.md, docs/decisions/0036-stateless-resume.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/signing_key.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "delivery/subscriber.hpp"
#include "domain/schema/ids.hpp"
#include "domain/schema/role.hpp"
#include "domain/state/offset.hpp"

namespace togglecast::delivery {

/// What decides what a connection sees, as one text.
[[nodiscard]] std::string client_view_name(std::string_view channel, std::string_view environment,
                                           domain::Id client, const ContextPtr& context);
[[nodiscard]] std::string admin_view_name(std::string_view channel, std::string_view environment,
                                          domain::Id admin, domain::Standing role);
/// The same for an API key.
[[nodiscard]] std::string machine_view_name(std::string_view channel, std::string_view environment,
                                            domain::Id key);

class Pid {
 public:
  static constexpr std::size_t kText = 22;
  static constexpr unsigned kSaltBits = 19;

  /// nullopt for every text that `text` does not give.
  [[nodiscard]] static std::optional<Pid> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] domain::Revision base() const noexcept;
  [[nodiscard]] std::uint32_t salt() const noexcept;
  friend bool operator==(const Pid&, const Pid&) = default;

 private:
  friend class SessionIds;
  static constexpr std::size_t kPlain = 9;  // bytes of base and salt
  std::array<std::uint8_t, 16> bytes_{};
};

class SessionIds {
 public:
  /// `key`: the same on every node and after a restart.
  explicit SessionIds(auth::SigningKey key) : key_(std::move(key)) {}

  /// `base` is at most 2^53-1, `salt` has `Pid::kSaltBits` bits.
  [[nodiscard]] Pid make(std::string_view view, domain::Revision base, std::uint32_t salt) const;
  /// The id of a new session, another one than `presented`.
  [[nodiscard]] Pid make_new(std::string_view view, domain::Revision base,
                             const std::optional<Pid>& presented, RandomSource& random) const;
  /// The id that this session would have with another view. Its tag is that of no session.
  [[nodiscard]] Pid with_view(const Pid& pid, std::string_view view) const {
    return make(view, pid.base(), pid.salt());
  }
  /// Of the offsets that this session alone receives.
  [[nodiscard]] std::string tag_of(const Pid& pid) const;

 private:
  auth::SigningKey key_;
};

/// How an attempt to resume ended.
enum class ResumeResult : std::uint8_t {
  current,       ///< resumed; nothing had changed
  updated,       ///< resumed; what changed followed
  malformed,     ///< a pid or an offset that we never send
  other_view,    ///< a pid of another client, namespace, environment, role or context, or not ours
  no_offset,     ///< the session never received one
  not_begun,     ///< an offset from before the session's state arrived
  out_of_reach,  ///< another history or epoch, or older than what is kept
  ahead,         ///< of all that the store has: of a lost tail, or invented
  node_behind,   ///< ahead of this node, which cannot read the store: sent to another one
  limited,       ///< asked for too often on this connection
};
inline constexpr std::size_t kResumeResults = 10;
[[nodiscard]] std::string_view to_string(ResumeResult result) noexcept;

/// What a client presents, and we gave it.
struct ResumeClaim {
  Pid pid;
  domain::Offset offset;
};
/// The claim in these texts for this view, or why there is none. It does not look at any history.
[[nodiscard]] tl::expected<ResumeClaim, ResumeResult> read_claim(const SessionIds& ids, std::string_view view,
                                                                 std::string_view pid,
                                                                 std::string_view offset);

}  // namespace togglecast::delivery
