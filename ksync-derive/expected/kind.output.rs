const _: () = {
    const _: () = ::ksync_runtime::__private::expect_range(1, 65535);
    const _: () = {
        #[allow(unused_imports, reason = "for what is no derived kind")]
        use ::ksync_runtime::__private::circle::AnyType as _;
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
        impl ::ksync_runtime::__private::circle::Derived for Nexthop {
            const ID: &'static str = ::ksync_runtime::__private::core::concat!(
                ::ksync_runtime::__private::core::module_path!(),
                "::",
                "Nexthop",
                ":",
                ::ksync_runtime::__private::core::line!(),
                ":",
                ::ksync_runtime::__private::core::column!()
            );
            const NAME: &'static str = "Nexthop";
            const SELF_DEPENDENT: bool = false;
            const NEEDS_1: &'static [::ksync_runtime::__private::circle::Node] =
                &[<::ksync_runtime::__private::circle::Probe<Link>>::NODE_0];
            const NEEDS_2: &'static [::ksync_runtime::__private::circle::Node] =
                &[<::ksync_runtime::__private::circle::Probe<Link>>::NODE_1];
            const NEEDS_3: &'static [::ksync_runtime::__private::circle::Node] =
                &[<::ksync_runtime::__private::circle::Probe<Link>>::NODE_2];
            const NEEDS_4: &'static [::ksync_runtime::__private::circle::Node] =
                &[<::ksync_runtime::__private::circle::Probe<Link>>::NODE_3];
            const NEEDS_5: &'static [::ksync_runtime::__private::circle::Node] =
                &[<::ksync_runtime::__private::circle::Probe<Link>>::NODE_4];
            const NEEDS_6: &'static [::ksync_runtime::__private::circle::Node] =
                &[<::ksync_runtime::__private::circle::Probe<Link>>::NODE_5];
            const NEEDS_7: &'static [::ksync_runtime::__private::circle::Node] =
                &[<::ksync_runtime::__private::circle::Probe<Link>>::NODE_6];
        }
        const _: () = ::ksync_runtime::__private::circle::expect_no_circle(
            <::ksync_runtime::__private::circle::Probe<Nexthop>>::NODE_0,
            <::ksync_runtime::__private::circle::Probe<Link>>::NODE_7,
        );
    };
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
    impl ::ksync_runtime::__private::KSyncEntry for Nexthop {
        const SCHEMA: &'static ::ksync_runtime::__private::Schema = &::ksync_runtime::__private::Schema {
            name: "Nexthop",
            protocol: ::ksync_runtime::__private::Protocol::Route,
            header_len: <NexthopHeader as ::ksync_runtime::__private::FixedHeader>::LEN,
            inside: &[],
            add: RTM_NEWNEXTHOP,
            change: RTM_NEWNEXTHOP,
            delete: RTM_DELNEXTHOP,
            get: ::ksync_runtime::__private::core::option::Option::Some(RTM_GETNEXTHOP),
            dumped: ::ksync_runtime::__private::Dumped::AtOnce,
            self_dependent: false,
            index: ::ksync_runtime::__private::IndexSource::KSync { first: 1, last: 65535 },
            flushes_dependents: true,
            early: false,
            resolved_on: ::ksync_runtime::__private::ResolvedOn::Accepted,
            compress: true,
            fields: &[
                ::ksync_runtime::__private::FieldSchema {
                    name: "name",
                    nla: ::ksync_runtime::__private::core::option::Option::None,
                    header: ::ksync_runtime::__private::core::option::Option::None,
                    key: true,
                    immutable: false,
                },
                ::ksync_runtime::__private::FieldSchema {
                    name: "gateway",
                    nla: ::ksync_runtime::__private::core::option::Option::Some(NHA_GATEWAY),
                    header: ::ksync_runtime::__private::core::option::Option::None,
                    key: false,
                    immutable: false,
                },
                ::ksync_runtime::__private::FieldSchema {
                    name: "link",
                    nla: ::ksync_runtime::__private::core::option::Option::Some(NHA_OIF),
                    header: ::ksync_runtime::__private::core::option::Option::None,
                    key: false,
                    immutable: false,
                },
                ::ksync_runtime::__private::FieldSchema {
                    name: "onlink",
                    nla: ::ksync_runtime::__private::core::option::Option::None,
                    header: ::ksync_runtime::__private::core::option::Option::Some("nh_flags"),
                    key: false,
                    immutable: false,
                },
            ],
            depends_on: &[::ksync_runtime::__private::DependsOn::on::<Link>()],
        };
        type Key = String;
        fn key(&self) -> Self::Key {
            <String as ::ksync_runtime::__private::core::clone::Clone>::clone(&self.name)
        }
        fn has_key(&self, __key: &Self::Key) -> bool {
            self.name == *__key
        }
        fn has_key_of(&self, __other: &Self) -> bool {
            self.name == __other.name
        }
        fn hash_key<__H: ::ksync_runtime::__private::core::hash::Hasher>(&self, __state: &mut __H) {
            <String as ::ksync_runtime::__private::core::hash::Hash>::hash(&self.name, __state);
        }
        fn describe_key(
            __key: &Self::Key,
            __out: &mut ::ksync_runtime::__private::core::fmt::Formatter<'_>,
        ) -> ::ksync_runtime::__private::core::fmt::Result {
            use ::ksync_runtime::__private::describe::{ByDebug as _, ByDisplay as _};
            (&::ksync_runtime::__private::describe::Describe(__key)).describe(__out)
        }
        fn check(
            &self,
        ) -> ::ksync_runtime::__private::core::result::Result<(), ::ksync_runtime::__private::Invalid>
        {
            if let ::ksync_runtime::__private::core::result::Result::Err(__inside) =
                <Option<IpAddr> as ::ksync_runtime::__private::AttributeField>::check(&self.gateway)
            {
                return ::ksync_runtime::__private::core::result::Result::Err(
                    ::ksync_runtime::__private::payload::invalid_inside("gateway", __inside),
                );
            }
            if let ::ksync_runtime::__private::core::result::Result::Err(__inside) =
                <Ref<Link> as ::ksync_runtime::__private::ReferenceField>::check(&self.link)
            {
                return ::ksync_runtime::__private::core::result::Result::Err(
                    ::ksync_runtime::__private::payload::invalid_inside("link", __inside),
                );
            }
            ::ksync_runtime::__private::core::result::Result::Ok(())
        }
        #[inline(always)]
        fn references<__L: ::ksync_runtime::__private::Links>(
            &mut self,
            __references: &mut ::ksync_runtime::__private::References<'_, __L>,
        ) {
            <Option<IpAddr> as ::ksync_runtime::__private::AttributeField>::references(
                &mut self.gateway,
                __references,
            );
            <Ref<Link> as ::ksync_runtime::__private::ReferenceField>::references(
                &mut self.link,
                __references,
            );
        }
        fn compare(&self, __desired: &Self) -> ::ksync_runtime::__private::Difference {
            if self.gateway != __desired.gateway {
                return ::ksync_runtime::__private::Difference::Change;
            }
            if self.link != __desired.link {
                return ::ksync_runtime::__private::Difference::Change;
            }
            if self.onlink != __desired.onlink {
                return ::ksync_runtime::__private::Difference::Change;
            }
            ::ksync_runtime::__private::Difference::Same
        }
        fn unmet(&self, __observed: &Self) -> ::ksync_runtime::__private::core::option::Option<&'static str> {
            if !<Option<IpAddr> as ::ksync_runtime::__private::AttributeField>::met_by(
                &self.gateway,
                &__observed.gateway,
            ) {
                return ::ksync_runtime::__private::core::option::Option::Some("gateway");
            }
            if !<Ref<Link> as ::ksync_runtime::__private::ReferenceField>::met_by(
                &self.link,
                &__observed.link,
            ) {
                return ::ksync_runtime::__private::core::option::Option::Some("link");
            }
            if !(*(&self.onlink) == *(&__observed.onlink)) {
                return ::ksync_runtime::__private::core::option::Option::Some("onlink");
            }
            ::ksync_runtime::__private::core::option::Option::None
        }
        #[inline(always)]
        fn add_msg(
            &self,
            __context: &::ksync_runtime::__private::Context<'_>,
            __request: ::ksync_runtime::__private::Request<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<
            ::ksync_runtime::__private::Progress,
            ::ksync_runtime::__private::OperationError,
        > {
            let mut __message = ::ksync_runtime::__private::Request::begin::<NexthopHeader>(
                __request,
                <Self as ::ksync_runtime::__private::KSyncEntry>::SCHEMA.add,
                if __context.again() {
                    ::ksync_runtime::__private::rtnetlink::NLM_F_CREATE
                        | ::ksync_runtime::__private::rtnetlink::NLM_F_REPLACE
                } else {
                    ::ksync_runtime::__private::rtnetlink::NLM_F_CREATE
                        | ::ksync_runtime::__private::rtnetlink::NLM_F_EXCL
                },
            );
            __message.header.nh_protocol = RTPROT_STATIC;
            let __index: u32 = __context.own_index()?;
            __message.attributes.put(NHA_ID, &__index);
            <Option<IpAddr> as ::ksync_runtime::__private::AttributeField>::emit(
                &self.gateway,
                NHA_GATEWAY,
                &mut __message.attributes,
                __context,
            );
            __message.attributes.blame("gateway");
            <Ref<Link> as ::ksync_runtime::__private::ReferenceField>::emit(
                &self.link,
                NHA_OIF,
                &mut __message.attributes,
                __context,
            );
            __message.attributes.blame("link");
            if *&self.onlink {
                __message.header.nh_flags |= RTNH_F_ONLINK;
            }
            __message.finish()
        }
        #[inline(always)]
        fn change_msg(
            &self,
            __held: ::ksync_runtime::__private::core::option::Option<&Self>,
            __context: &::ksync_runtime::__private::Context<'_>,
            __request: ::ksync_runtime::__private::Request<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<
            ::ksync_runtime::__private::Progress,
            ::ksync_runtime::__private::OperationError,
        > {
            let mut __message = ::ksync_runtime::__private::Request::begin::<NexthopHeader>(
                __request,
                <Self as ::ksync_runtime::__private::KSyncEntry>::SCHEMA.change,
                ::ksync_runtime::__private::rtnetlink::NLM_F_REPLACE,
            );
            __message.header.nh_protocol = RTPROT_STATIC;
            let __index: u32 = __context.own_index()?;
            __message.attributes.put(NHA_ID, &__index);
            <Option<IpAddr> as ::ksync_runtime::__private::AttributeField>::emit(
                &self.gateway,
                NHA_GATEWAY,
                &mut __message.attributes,
                __context,
            );
            __message.attributes.blame("gateway");
            <Ref<Link> as ::ksync_runtime::__private::ReferenceField>::emit(
                &self.link,
                NHA_OIF,
                &mut __message.attributes,
                __context,
            );
            __message.attributes.blame("link");
            if *&self.onlink {
                __message.header.nh_flags |= RTNH_F_ONLINK;
            }
            __message.finish()
        }
        #[inline(always)]
        fn delete_msg(
            &self,
            __context: &::ksync_runtime::__private::Context<'_>,
            __request: ::ksync_runtime::__private::Request<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<
            ::ksync_runtime::__private::Progress,
            ::ksync_runtime::__private::OperationError,
        > {
            let mut __message = ::ksync_runtime::__private::Request::begin::<NexthopHeader>(
                __request,
                <Self as ::ksync_runtime::__private::KSyncEntry>::SCHEMA.delete,
                0,
            );
            let __index: u32 = __context.own_index()?;
            __message.attributes.put(NHA_ID, &__index);
            __message.finish()
        }
        fn get_msg(
            &self,
            __context: &::ksync_runtime::__private::Context<'_>,
            __request: ::ksync_runtime::__private::Request<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<
            ::ksync_runtime::__private::Progress,
            ::ksync_runtime::__private::OperationError,
        > {
            let mut __message =
                ::ksync_runtime::__private::Request::begin::<NexthopHeader>(__request, RTM_GETNEXTHOP, 0);
            let __index: u32 = __context.own_index()?;
            __message.attributes.put(NHA_ID, &__index);
            __message.finish()
        }
        fn parse(
            __view: &::ksync_runtime::__private::MessageView<'_>,
            __resolver: &::ksync_runtime::__private::Resolver<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<Self, ::ksync_runtime::__private::ParseError>
        {
            ::ksync_runtime::__private::ParseError::expect_type(
                <Self as ::ksync_runtime::__private::KSyncEntry>::SCHEMA,
                __view,
            )?;
            let __message = ::ksync_runtime::__private::Incoming::<NexthopHeader>::parse(__view.body)?;
            let __key = match <Self as ::ksync_runtime::__private::KSyncEntry>::parse_index(__view)? {
                ::ksync_runtime::__private::core::option::Option::Some(__index) => {
                    __resolver.key::<Self>(__index)?
                }
                ::ksync_runtime::__private::core::option::Option::None => {
                    return ::ksync_runtime::__private::core::result::Result::Err(
                        ::ksync_runtime::__private::ParseError::header(
                            ::ksync_runtime::__private::ValueError::Missing,
                        ),
                    );
                }
            };
            ::ksync_runtime::__private::core::result::Result::Ok(Self {
                name: __key,
                gateway: match <Option<IpAddr> as ::ksync_runtime::__private::AttributeField>::parse(
                    NHA_GATEWAY,
                    &__message.attributes,
                    __resolver,
                ) {
                    ::ksync_runtime::__private::core::result::Result::Ok(__value) => __value,
                    ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                        return ::ksync_runtime::__private::core::result::Result::Err(
                            ::ksync_runtime::__private::ParseError::in_field(__error, "gateway"),
                        );
                    }
                },
                link: match <Ref<Link> as ::ksync_runtime::__private::ReferenceField>::parse(
                    NHA_OIF,
                    &__message.attributes,
                    __resolver,
                ) {
                    ::ksync_runtime::__private::core::result::Result::Ok(__value) => __value,
                    ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                        return ::ksync_runtime::__private::core::result::Result::Err(
                            ::ksync_runtime::__private::ParseError::in_field(__error, "link"),
                        );
                    }
                },
                onlink: (__message.header.nh_flags & (RTNH_F_ONLINK)) == (RTNH_F_ONLINK),
            })
        }
        fn parse_index(
            __view: &::ksync_runtime::__private::MessageView<'_>,
        ) -> ::ksync_runtime::__private::core::result::Result<
            ::ksync_runtime::__private::core::option::Option<u32>,
            ::ksync_runtime::__private::ParseError,
        > {
            ::ksync_runtime::__private::ParseError::expect_type(
                <Self as ::ksync_runtime::__private::KSyncEntry>::SCHEMA,
                __view,
            )?;
            let __message = ::ksync_runtime::__private::Incoming::<NexthopHeader>::parse(__view.body)?;
            ::ksync_runtime::__private::payload::optional(
                NHA_ID,
                &__message.attributes,
                <u32 as ::ksync_runtime::__private::AttributeValue>::parse,
            )
        }
    }
    #[automatically_derived]
    impl ::ksync_runtime::__private::Indexed for Nexthop {}
};
