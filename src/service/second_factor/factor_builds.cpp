#include "service/second_factor/factor_builds.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "changes/ops.hpp"

namespace togglecast::service {
namespace {

using domain::AdminUser;
using domain::SecondFactor;

struct Holder {
  std::shared_ptr<const AdminUser> admin;
  std::shared_ptr<const SecondFactor> factor;  ///< null: none
};

Result<Holder> holder_of(const changes::WriteContext& context, domain::Id id) {
  const auto admin = context.state().find<AdminUser>(id);
  if (admin == nullptr || !admin->active) return fail(Errc::revoked, "this account is gone");
  return Holder{admin, context.state().find_by_key<SecondFactor>(admin->username)};
}

Result<Holder> confirmed_holder(const changes::WriteContext& context, domain::Id id) {
  auto holder = holder_of(context, id);
  if (holder && (holder->factor == nullptr || !holder->factor->confirmed_at))
    return fail(Errc::conflict, "this account has no second factor");
  return holder;
}

void add(changes::Draft& draft, std::optional<domain::Op> op) {
  if (op) draft.ops.push_back(*std::move(op));
}

// An update of the account tells every page of an owner.
changes::Draft draft_with(const Holder& holder, std::optional<UnixMillis> since,
                          const changes::WriteContext& context) {
  AdminUser after = *holder.admin;
  after.second_factor_at = since;
  return changes::draft_about(*holder.admin, changes::update_op(*holder.admin, std::move(after), context));
}

}  // namespace

changes::Build build_factor_setup(domain::Id admin, std::string sealed) {
  return [admin, sealed = std::move(sealed)](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto holder = holder_of(context, admin);
    if (!holder) return tl::unexpected(holder.error());
    if (holder->admin->identity)
      return fail(Errc::conflict, "this account logs in with OpenID Connect; its provider asks for more");
    if (holder->factor != nullptr && holder->factor->confirmed_at)
      return fail(Errc::conflict, "this account has a second factor already; remove it first");
    if (holder->factor != nullptr) {
      SecondFactor after = *holder->factor;
      after.sealed = sealed;
      after.last_step = 0;
      return changes::draft_about(*holder->factor,
                                  changes::update_op(*holder->factor, std::move(after), context));
    }
    const auto id = context.next_id(SecondFactor::kKind);
    if (!id) return tl::unexpected(id.error());
    SecondFactor made;
    made.username = holder->admin->username;
    made.sealed = sealed;
    return changes::Draft{SecondFactor::kKind, *id, {changes::create_op(made, *id, context)}, {}};
  };
}

changes::Build build_factor_confirmation(domain::Id admin, const auth::FactorCodes& codes, Secret code,
                                         UnixMillis now, std::vector<std::string> recovery) {
  return [admin, &codes, code = std::move(code), now,
          recovery = std::move(recovery)](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto holder = holder_of(context, admin);
    if (!holder) return tl::unexpected(holder.error());
    if (holder->factor == nullptr || holder->factor->confirmed_at)
      return fail(Errc::conflict, "no second factor waits for its first code; begin again");
    auto after = codes.use(*holder->factor, code, now);
    if (!after) return tl::unexpected(after.error());
    after->confirmed_at = context.at();
    after->recovery = recovery;
    changes::Draft draft = draft_with(*holder, context.at(), context);
    add(draft, changes::update_op(*holder->factor, *std::move(after), context));
    return draft;
  };
}

changes::Build build_recovery_codes(domain::Id admin, const auth::FactorCodes& codes, Secret code,
                                    UnixMillis now, std::vector<std::string> recovery) {
  return [admin, &codes, code = std::move(code), now,
          recovery = std::move(recovery)](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto holder = confirmed_holder(context, admin);
    if (!holder) return tl::unexpected(holder.error());
    auto after = codes.use(*holder->factor, code, now);
    if (!after) return tl::unexpected(after.error());
    after->recovery = recovery;
    return changes::draft_about(*holder->factor,
                                changes::update_op(*holder->factor, *std::move(after), context));
  };
}

changes::Build build_factor_removal(domain::Id admin, const auth::FactorCodes& codes, Secret code,
                                    UnixMillis now) {
  return
      [admin, &codes, code = std::move(code), now](changes::WriteContext& context) -> Result<changes::Draft> {
        const auto holder = confirmed_holder(context, admin);
        if (!holder) return tl::unexpected(holder.error());
        if (const auto used = codes.use(*holder->factor, code, now); !used)
          return tl::unexpected(used.error());
        changes::Draft draft = draft_with(*holder, std::nullopt, context);
        draft.ops.push_back(changes::delete_op(*holder->factor));
        return draft;
      };
}

changes::Build build_factor_reset(domain::Id admin, const domain::IfMatch& if_match) {
  return [admin, if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<AdminUser>(context, admin, if_match);
    if (!before) return tl::unexpected(before.error());
    const Holder holder{*before, context.state().find_by_key<SecondFactor>((*before)->username)};
    if (holder.factor == nullptr)
      return fail(Errc::not_found, "'" + holder.admin->username + "' has no second factor");
    changes::Draft draft = draft_with(holder, std::nullopt, context);
    draft.ops.push_back(changes::delete_op(*holder.factor));
    return draft;
  };
}

}  // namespace togglecast::service
