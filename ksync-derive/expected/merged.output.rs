#[doc = "Tells one [`Address`] from another: the key of [`Address`]."]
#[derive(
    :: ksync_runtime :: __private :: core :: clone :: Clone,
    :: ksync_runtime :: __private :: core :: fmt :: Debug,
    :: ksync_runtime :: __private :: core :: cmp :: PartialEq,
    :: ksync_runtime :: __private :: core :: cmp :: Eq,
    :: ksync_runtime :: __private :: core :: hash :: Hash,
)]
struct AddressKey {
    #[doc = "The entry's `link`."]
    pub link: Ref<Link>,
    #[doc = "The entry's `address`."]
    pub address: IpNet,
}
const _: () = {
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
        impl ::ksync_runtime::__private::circle::Derived for Address {
            const ID: &'static str = ::ksync_runtime::__private::core::concat!(
                ::ksync_runtime::__private::core::module_path!(),
                "::",
                "Address",
                ":",
                ::ksync_runtime::__private::core::line!(),
                ":",
                ::ksync_runtime::__private::core::column!()
            );
            const NAME: &'static str = "Address";
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
            <::ksync_runtime::__private::circle::Probe<Address>>::NODE_0,
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
    impl ::ksync_runtime::__private::KSyncEntry for Address {
        const SCHEMA: &'static ::ksync_runtime::__private::Schema = &::ksync_runtime::__private::Schema {
            name: "Address",
            protocol: ::ksync_runtime::__private::Protocol::Route,
            header_len: <AddressHeader as ::ksync_runtime::__private::FixedHeader>::LEN,
            inside: &[],
            add: RTM_NEWADDR,
            change: RTM_NEWADDR,
            delete: RTM_DELADDR,
            get: ::ksync_runtime::__private::core::option::Option::None,
            dumped: ::ksync_runtime::__private::Dumped::AtOnce,
            self_dependent: false,
            index: ::ksync_runtime::__private::IndexSource::None,
            flushes_dependents: false,
            early: false,
            resolved_on: ::ksync_runtime::__private::ResolvedOn::Accepted,
            compress: true,
            fields: &[
                ::ksync_runtime::__private::FieldSchema {
                    name: "link",
                    nla: ::ksync_runtime::__private::core::option::Option::None,
                    header: ::ksync_runtime::__private::core::option::Option::Some("ifa_index"),
                    key: true,
                    immutable: false,
                },
                ::ksync_runtime::__private::FieldSchema {
                    name: "address",
                    nla: ::ksync_runtime::__private::core::option::Option::None,
                    header: ::ksync_runtime::__private::core::option::Option::None,
                    key: true,
                    immutable: false,
                },
                ::ksync_runtime::__private::FieldSchema {
                    name: "label",
                    nla: ::ksync_runtime::__private::core::option::Option::Some(IFA_LABEL),
                    header: ::ksync_runtime::__private::core::option::Option::None,
                    key: false,
                    immutable: true,
                },
                ::ksync_runtime::__private::FieldSchema {
                    name: "metric",
                    nla: ::ksync_runtime::__private::core::option::Option::Some(IFA_RT_PRIORITY),
                    header: ::ksync_runtime::__private::core::option::Option::None,
                    key: false,
                    immutable: false,
                },
                ::ksync_runtime::__private::FieldSchema {
                    name: "kept",
                    nla: ::ksync_runtime::__private::core::option::Option::None,
                    header: ::ksync_runtime::__private::core::option::Option::None,
                    key: false,
                    immutable: false,
                },
            ],
            depends_on: &[::ksync_runtime::__private::DependsOn::on::<Link>()],
        };
        type Key = AddressKey;
        fn key(&self) -> Self::Key {
            AddressKey {
                link: <Ref<Link> as ::ksync_runtime::__private::core::clone::Clone>::clone(&self.link),
                address: <IpNet as ::ksync_runtime::__private::core::clone::Clone>::clone(&self.address),
            }
        }
        fn has_key(&self, __key: &Self::Key) -> bool {
            self.link == __key.link && self.address == __key.address
        }
        fn has_key_of(&self, __other: &Self) -> bool {
            self.link == __other.link && self.address == __other.address
        }
        fn hash_key<__H: ::ksync_runtime::__private::core::hash::Hasher>(&self, __state: &mut __H) {
            <Ref<Link> as ::ksync_runtime::__private::core::hash::Hash>::hash(&self.link, __state);
            <IpNet as ::ksync_runtime::__private::core::hash::Hash>::hash(&self.address, __state);
        }
        fn describe_key(
            __key: &Self::Key,
            __out: &mut ::ksync_runtime::__private::core::fmt::Formatter<'_>,
        ) -> ::ksync_runtime::__private::core::fmt::Result {
            use ::ksync_runtime::__private::describe::{ByDebug as _, ByDisplay as _};
            let mut __parts = ::ksync_runtime::__private::describe::Parts::new(__out);
            __parts.part("link", |__out| {
                (&::ksync_runtime::__private::describe::Describe(&__key.link)).describe(__out)
            })?;
            __parts.part("address", |__out| {
                (&::ksync_runtime::__private::describe::Describe(&__key.address)).describe(__out)
            })?;
            __parts.finish()
        }
        fn check(
            &self,
        ) -> ::ksync_runtime::__private::core::result::Result<(), ::ksync_runtime::__private::Invalid>
        {
            if let ::ksync_runtime::__private::core::result::Result::Err(__reason) =
                address::check(&self.address)
            {
                return ::ksync_runtime::__private::core::result::Result::Err(
                    ::ksync_runtime::__private::Invalid {
                        field: "address",
                        reason: ::ksync_runtime::__private::std::string::ToString::to_string(&__reason),
                    },
                );
            }
            if let ::ksync_runtime::__private::core::result::Result::Err(__inside) =
                <Option<String> as ::ksync_runtime::__private::AttributeField>::check(&self.label)
            {
                return ::ksync_runtime::__private::core::result::Result::Err(
                    ::ksync_runtime::__private::payload::invalid_inside("label", __inside),
                );
            }
            if let ::ksync_runtime::__private::core::result::Result::Err(__inside) =
                <Option<u32> as ::ksync_runtime::__private::AttributeField>::check(&self.metric)
            {
                return ::ksync_runtime::__private::core::result::Result::Err(
                    ::ksync_runtime::__private::payload::invalid_inside("metric", __inside),
                );
            }
            ::ksync_runtime::__private::core::result::Result::Ok(())
        }
        #[inline(always)]
        fn references<__L: ::ksync_runtime::__private::Links>(
            &mut self,
            __references: &mut ::ksync_runtime::__private::References<'_, __L>,
        ) {
            <Ref<Link> as ::ksync_runtime::__private::HeaderValue>::references(&mut self.link, __references);
            <Option<String> as ::ksync_runtime::__private::AttributeField>::references(
                &mut self.label,
                __references,
            );
            <Option<u32> as ::ksync_runtime::__private::AttributeField>::references(
                &mut self.metric,
                __references,
            );
        }
        fn compare(&self, __desired: &Self) -> ::ksync_runtime::__private::Difference {
            trait __Configured {
                fn __is_configured(&self) -> ::ksync_runtime::__private::core::primitive::bool;
            }
            impl __Configured for Address {
                fn __is_configured(&self) -> ::ksync_runtime::__private::core::primitive::bool {
                    self.kept
                }
            }
            let __configured =
                __Configured::__is_configured(self) && __Configured::__is_configured(__desired);
            if self.label != __desired.label {
                if __configured {
                    return ::ksync_runtime::__private::Difference::Change;
                }
                return ::ksync_runtime::__private::Difference::Recreate { field: "label" };
            }
            if self.metric != __desired.metric {
                return ::ksync_runtime::__private::Difference::Change;
            }
            ::ksync_runtime::__private::Difference::Same
        }
        fn unmet(&self, __observed: &Self) -> ::ksync_runtime::__private::core::option::Option<&'static str> {
            if !<Option<String> as ::ksync_runtime::__private::AttributeField>::met_by(
                &self.label,
                &__observed.label,
            ) {
                return ::ksync_runtime::__private::core::option::Option::Some("label");
            }
            if !(<Option<u32> as ::ksync_runtime::__private::AttributeField>::met_by(
                &self.metric,
                &__observed.metric,
            ) && ((&self.metric).is_some() || (&__observed.metric).is_none()))
            {
                return ::ksync_runtime::__private::core::option::Option::Some("metric");
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
            let mut __message = ::ksync_runtime::__private::Request::begin::<AddressHeader>(
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
            match ::ksync_runtime::__private::fit_header(
                <Ref<Link> as ::ksync_runtime::__private::HeaderValue>::to_header(&self.link, __context),
                "link",
            ) {
                ::ksync_runtime::__private::core::result::Result::Ok(__number) => {
                    __message.header.ifa_index = __number
                }
                ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                    __message.attributes.fail(__error)
                }
            }
            address::emit(&self.address, &mut __message);
            <Option<String> as ::ksync_runtime::__private::AttributeField>::emit(
                &self.label,
                IFA_LABEL,
                &mut __message.attributes,
                __context,
            );
            __message.attributes.blame("label");
            if __context.again() || (self.kept) {
                match &self.metric {
                    ::ksync_runtime::__private::core::option::Option::Some(__value) => {
                        <u32 as ::ksync_runtime::__private::AttributeField>::emit(
                            __value,
                            IFA_RT_PRIORITY,
                            &mut __message.attributes,
                            __context,
                        );
                        __message.attributes.blame("metric");
                    }
                    ::ksync_runtime::__private::core::option::Option::None => {
                        __message.attributes.put(IFA_RT_PRIORITY, &(0u32));
                    }
                }
            } else {
                <Option<u32> as ::ksync_runtime::__private::AttributeField>::emit(
                    &self.metric,
                    IFA_RT_PRIORITY,
                    &mut __message.attributes,
                    __context,
                );
                __message.attributes.blame("metric");
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
            let mut __message = ::ksync_runtime::__private::Request::begin::<AddressHeader>(
                __request,
                <Self as ::ksync_runtime::__private::KSyncEntry>::SCHEMA.change,
                ::ksync_runtime::__private::rtnetlink::NLM_F_REPLACE,
            );
            match ::ksync_runtime::__private::fit_header(
                <Ref<Link> as ::ksync_runtime::__private::HeaderValue>::to_header(&self.link, __context),
                "link",
            ) {
                ::ksync_runtime::__private::core::result::Result::Ok(__number) => {
                    __message.header.ifa_index = __number
                }
                ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                    __message.attributes.fail(__error)
                }
            }
            address::emit(&self.address, &mut __message);
            if match __held {
                ::ksync_runtime::__private::core::option::Option::Some(__held) => {
                    __held.metric != self.metric
                }
                ::ksync_runtime::__private::core::option::Option::None => true,
            } {
                match &self.metric {
                    ::ksync_runtime::__private::core::option::Option::Some(__value) => {
                        <u32 as ::ksync_runtime::__private::AttributeField>::emit(
                            __value,
                            IFA_RT_PRIORITY,
                            &mut __message.attributes,
                            __context,
                        );
                        __message.attributes.blame("metric");
                    }
                    ::ksync_runtime::__private::core::option::Option::None => {
                        __message.attributes.put(IFA_RT_PRIORITY, &(0u32));
                    }
                }
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
            if self.kept {
                return ::ksync_runtime::__private::core::result::Result::Ok(
                    ::ksync_runtime::__private::Progress::Kept,
                );
            }
            let mut __message = ::ksync_runtime::__private::Request::begin::<AddressHeader>(
                __request,
                <Self as ::ksync_runtime::__private::KSyncEntry>::SCHEMA.delete,
                0,
            );
            match ::ksync_runtime::__private::fit_header(
                <Ref<Link> as ::ksync_runtime::__private::HeaderValue>::to_header(&self.link, __context),
                "link",
            ) {
                ::ksync_runtime::__private::core::result::Result::Ok(__number) => {
                    __message.header.ifa_index = __number
                }
                ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                    __message.attributes.fail(__error)
                }
            }
            address::emit(&self.address, &mut __message);
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
            let __message = ::ksync_runtime::__private::Incoming::<AddressHeader>::parse(__view.body)?;
            ::ksync_runtime::__private::core::result::Result::Ok(Self {
                link: match <Ref<Link> as ::ksync_runtime::__private::HeaderValue>::from_header(
                    ::ksync_runtime::__private::core::convert::Into::<i128>::into(__message.header.ifa_index),
                    __resolver,
                ) {
                    ::ksync_runtime::__private::core::result::Result::Ok(__value) => __value,
                    ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                        return ::ksync_runtime::__private::core::result::Result::Err(
                            ::ksync_runtime::__private::ParseError::in_field(__error, "link"),
                        );
                    }
                },
                address: match address::parse(&__message) {
                    ::ksync_runtime::__private::core::result::Result::Ok(__value) => __value,
                    ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                        return ::ksync_runtime::__private::core::result::Result::Err(
                            ::ksync_runtime::__private::ParseError::in_field(__error, "address"),
                        );
                    }
                },
                label: match <Option<String> as ::ksync_runtime::__private::AttributeField>::parse(
                    IFA_LABEL,
                    &__message.attributes,
                    __resolver,
                ) {
                    ::ksync_runtime::__private::core::result::Result::Ok(__value) => __value,
                    ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                        return ::ksync_runtime::__private::core::result::Result::Err(
                            ::ksync_runtime::__private::ParseError::in_field(__error, "label"),
                        );
                    }
                },
                metric: match <Option<u32> as ::ksync_runtime::__private::AttributeField>::parse(
                    IFA_RT_PRIORITY,
                    &__message.attributes,
                    __resolver,
                ) {
                    ::ksync_runtime::__private::core::result::Result::Ok(__value) => __value,
                    ::ksync_runtime::__private::core::result::Result::Err(__error) => {
                        return ::ksync_runtime::__private::core::result::Result::Err(
                            ::ksync_runtime::__private::ParseError::in_field(__error, "metric"),
                        );
                    }
                },
                kept: <bool as ::ksync_runtime::__private::core::default::Default>::default(),
            })
        }
    }
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
    impl ::ksync_runtime::__private::codec::KeyFields for AddressKey {
        type Fields = (Ref<Link>, IpNet);
        fn fields(&self) -> Self::Fields {
            (
                <Ref<Link> as ::ksync_runtime::__private::core::clone::Clone>::clone(&self.link),
                <IpNet as ::ksync_runtime::__private::core::clone::Clone>::clone(&self.address),
            )
        }
        fn of_fields((link, address): Self::Fields) -> Self {
            AddressKey { link, address }
        }
    }
};
