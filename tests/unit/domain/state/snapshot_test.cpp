#include "domain/state/snapshot.hpp"

#include <gtest/gtest.h>

#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

Result<SnapshotPtr> try_step(const Snapshot& from, std::vector<Op> ops) {
  Head next = from.head();
  ++next.revision;
  return apply(from, {from.revision(), std::move(ops)}, next);
}

TEST(Snapshot, FindsEntitiesByIdAndKey) {
  const auto snapshot = step(empty_snapshot(), {create(platform(7, "web")), create(client(7, "acme"))});

  EXPECT_EQ(snapshot->find<Platform>(7)->key, "web");
  EXPECT_EQ(snapshot->find_by_key<Client>("acme")->id, 7);
  EXPECT_EQ(snapshot->find<Platform>(8), nullptr);
  EXPECT_EQ(snapshot->find_by_key<Platform>("acme"), nullptr);
  EXPECT_EQ(snapshot->revision(), 1);
}

TEST(Snapshot, AChangeLeavesTheOldStateAsItWas) {
  const auto before = step(empty_snapshot(), {create(platform(1, "web"))});
  auto off = platform(1, "web", false);

  const auto after = step(*before, {update(platform(1, "web"), off)});

  EXPECT_TRUE(before->find<Platform>(1)->enabled);
  EXPECT_FALSE(after->find<Platform>(1)->enabled);
}

TEST(Snapshot, NeighboursShareWhatDidNotChange) {
  const auto before = step(empty_snapshot(), {create(platform(1, "web")), create(platform(2, "ios"))});

  const auto after = step(*before, {erase(platform(2, "ios"))});

  EXPECT_EQ(before->find<Platform>(1), after->find<Platform>(1));
  EXPECT_EQ(after->find_by_key<Platform>("ios"), nullptr);
}

TEST(Snapshot, UndoingLeadsBackExactly) {
  const auto before =
      step(empty_snapshot(), {create(platform(1, "web")), create(client(1, "acme")), create(token(1, 1))});
  const Change change{1,
                      {update(platform(1, "web"), platform(1, "www", false)), erase(token(1, 1)),
                       erase(client(1, "acme")), create(platform(2, "ios"))}};
  Head next = before->head();
  ++next.revision;
  const auto after = apply(*before, change, next).value();

  const auto undone = apply(*after, invert(change), before->head()).value();

  EXPECT_NE(canonical_text(*after), canonical_text(*before));
  EXPECT_EQ(canonical_text(*undone), canonical_text(*before));
  EXPECT_EQ(undone->head(), before->head());
  EXPECT_EQ(undone->tokens_of(SubjectKind::client, 1).size(), 1U);
  EXPECT_EQ(undone->find_by_key<Platform>("www"), nullptr);
}

TEST(Snapshot, AChangeMadeForAnotherStateIsAConflict) {
  const auto snapshot = step(empty_snapshot(), {create(platform(1, "web"))});
  auto other = platform(1, "web");
  other.name = "Something else";

  EXPECT_EQ(try_step(*snapshot, {update(other, platform(1, "web"))}).error().code, Errc::conflict);
  EXPECT_EQ(try_step(*snapshot, {create(platform(1, "web"))}).error().code, Errc::conflict);
  EXPECT_EQ(try_step(*snapshot, {erase(platform(2, "ios"))}).error().code, Errc::conflict);
  EXPECT_EQ(apply(*snapshot, {0, {}}, {}).error().code, Errc::conflict);
}

TEST(Snapshot, AKeyBelongsToOneEntityOfItsKind) {
  const auto snapshot = step(empty_snapshot(), {create(platform(1, "web"))});

  EXPECT_EQ(try_step(*snapshot, {create(platform(2, "web"))}).error().code, Errc::already_exists);
  EXPECT_TRUE(try_step(*snapshot, {create(client(2, "web"))}).has_value());
}

TEST(Snapshot, AFreedKeyMayBeTakenInTheSameChange) {
  const auto snapshot = step(empty_snapshot(), {create(platform(1, "web"))});

  const auto after = step(*snapshot, {erase(platform(1, "web")), create(platform(2, "web"))});

  EXPECT_EQ(after->find_by_key<Platform>("web")->id, 2);
}

TEST(Snapshot, ListsTheTokensOfOneSubject) {
  auto of_admin = token(4, 1);
  of_admin.subject_kind = SubjectKind::admin;
  const auto snapshot = step(
      empty_snapshot(), {create(token(3, 1)), create(token(1, 1)), create(token(2, 2)), create(of_admin)});

  const auto tokens = snapshot->tokens_of(SubjectKind::client, 1);

  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0]->id, 1);
  EXPECT_EQ(tokens[1]->id, 3);
  EXPECT_EQ(snapshot->tokens_of(SubjectKind::admin, 1).size(), 1U);
  EXPECT_TRUE(snapshot->tokens_of(SubjectKind::admin, 2).empty());
}

TEST(Snapshot, IsAssembledFromItsEntities) {
  const auto original = step(empty_snapshot(), {create(platform(1, "web")), create(client(2, "acme"))});

  const auto assembled = assemble(
      "production", original->head(),
      {{Kind::client, 2, to_json(client(2, "acme"))}, {Kind::platform, 1, to_json(platform(1, "web"))}});

  ASSERT_TRUE(assembled.has_value());
  EXPECT_EQ(canonical_text(**assembled), canonical_text(*original));
  EXPECT_EQ((*assembled)->offset(), original->offset());
}

}  // namespace
}  // namespace togglecast::domain
