::core::compile_error! { "unknown word `imutable`, did you mean `immutable`?" }
#[doc = "Tells one [`Route`] from another: the key of [`Route`]."]
#[derive(
    :: ksync_runtime :: __private :: core :: clone :: Clone,
    :: ksync_runtime :: __private :: core :: fmt :: Debug,
    :: ksync_runtime :: __private :: core :: cmp :: PartialEq,
    :: ksync_runtime :: __private :: core :: cmp :: Eq,
    :: ksync_runtime :: __private :: core :: hash :: Hash,
)]
struct RouteKey {
    #[doc = "The entry's `table`."]
    pub table: u8,
    #[doc = "The entry's `metric`."]
    pub metric: u32,
}
const _: () = {
    #[automatically_derived]
    #[allow(
        unused_mut,
        unused_variables,
        unused_parens,
        unused_braces,
        unused_qualifications,
        unused_comparisons,
        clippy::all,
        clippy::pedantic,
        clippy::nursery,
        reason = "generated code"
    )]
    impl ::ksync_runtime::__private::KSyncEntry for Route {
        type Key = RouteKey;
        const SCHEMA: &'static ::ksync_runtime::__private::Schema = &::ksync_runtime::__private::Schema {
            name: "Route",
            protocol: ::ksync_runtime::__private::Protocol::Route,
            header_len: 0,
            inside: &[],
            add: 0,
            change: 0,
            delete: 0,
            get: ::ksync_runtime::__private::core::option::Option::None,
            dumped: ::ksync_runtime::__private::Dumped::AtOnce,
            self_dependent: true,
            index: ::ksync_runtime::__private::IndexSource::None,
            flushes_dependents: false,
            early: false,
            resolved_on: ::ksync_runtime::__private::ResolvedOn::Accepted,
            compress: true,
            fields: &[],
            depends_on: &[],
        };
        fn key(&self) -> Self::Key {
            ::ksync_runtime::__private::core::unreachable!()
        }
        fn has_key(&self, _: &Self::Key) -> bool {
            ::ksync_runtime::__private::core::unreachable!()
        }
        fn hash_key<__H: ::ksync_runtime::__private::core::hash::Hasher>(&self, _: &mut __H) {}
        fn describe_key(
            _: &Self::Key,
            _: &mut ::ksync_runtime::__private::core::fmt::Formatter<'_>,
        ) -> ::ksync_runtime::__private::core::fmt::Result {
            ::ksync_runtime::__private::core::unreachable!()
        }
        fn references<__L: ::ksync_runtime::__private::Links>(
            &mut self,
            _: &mut ::ksync_runtime::__private::References<'_, __L>,
        ) {
        }
        fn compare(&self, _: &Self) -> ::ksync_runtime::__private::Difference {
            ::ksync_runtime::__private::core::unreachable!()
        }
        fn unmet(&self, _: &Self) -> ::ksync_runtime::__private::core::option::Option<&'static str> {
            ::ksync_runtime::__private::core::unreachable!()
        }
        fn add_msg(
            &self,
            _: &::ksync_runtime::__private::Context<'_>,
            _: ::ksync_runtime::__private::Request<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<
            ::ksync_runtime::__private::Progress,
            ::ksync_runtime::__private::OperationError,
        > {
            ::ksync_runtime::__private::core::unreachable!()
        }
        fn change_msg(
            &self,
            _: ::ksync_runtime::__private::core::option::Option<&Self>,
            _: &::ksync_runtime::__private::Context<'_>,
            _: ::ksync_runtime::__private::Request<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<
            ::ksync_runtime::__private::Progress,
            ::ksync_runtime::__private::OperationError,
        > {
            ::ksync_runtime::__private::core::unreachable!()
        }
        fn delete_msg(
            &self,
            _: &::ksync_runtime::__private::Context<'_>,
            _: ::ksync_runtime::__private::Request<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<
            ::ksync_runtime::__private::Progress,
            ::ksync_runtime::__private::OperationError,
        > {
            ::ksync_runtime::__private::core::unreachable!()
        }
        fn parse(
            _: &::ksync_runtime::__private::MessageView<'_>,
            _: &::ksync_runtime::__private::Resolver<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<Self, ::ksync_runtime::__private::ParseError>
        {
            ::ksync_runtime::__private::core::unreachable!()
        }
    }
    #[automatically_derived]
    impl ::ksync_runtime::__private::Indexed for Route {}
};
